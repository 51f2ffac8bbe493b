import type { AcceptorOptions, Peer, ServiceRequest } from "#platform/dicom/acceptor.ts";
import type { Answer, Incoming } from "#platform/dicom/association/incoming.ts";
import type { CommandOf } from "#standards/dimse/command.ts";

/** What an acceptor offers, and who asks for it. */
export type Service<T> = Pick<AcceptorOptions<T>, "onStore" | "handlers"> & { context: T; peer: Peer };

/** Answers a request by the service it belongs to: C-ECHO here, the others by their handlers. PS3.7 annex C gives the statuses. */
export async function serveRequest<T>(service: Service<T>, incoming: Incoming): Promise<Answer> {
  const { command, presentationContext } = incoming;
  if (!presentationContext.requestorIsScu) {
    return { status: 0x0122, errorComment: "the association's requestor is no SCU of this class" };
  }
  if (command.command === "C-ECHO-RQ") return { status: 0x0000 };
  if (command.command === "C-STORE-RQ") return store(service, { ...incoming, command });
  const { context, peer, handlers } = service;
  // the table of handlers has each request's handler under its name
  const handler = handlers?.[command.command] as ((request: ServiceRequest<T>) => Promise<Answer>) | undefined;
  if (handler === undefined) return { status: 0x0211, errorComment: `${command.command} is not offered here` };
  return handler({ ...incoming, context, peer });
}

/** PS3.4 §B.2.3: what can be refused before a byte of the data set is looked at. */
async function store<T>(
  { onStore, context, peer }: Service<T>,
  incoming: Incoming & { command: CommandOf<"C-STORE-RQ"> },
): Promise<Answer> {
  const { command, presentationContext, dataSet, signal } = incoming;
  const { messageId, affectedSopClassUid: sopClassUid, affectedSopInstanceUid: sopInstanceUid } = command;
  if (onStore === undefined) return { status: 0x0211, errorComment: "storage is not offered here" };
  if (dataSet === null) return { status: 0xc000, errorComment: "a C-STORE request came without data set" };
  if (sopClassUid !== presentationContext.abstractSyntax) {
    const errorComment = "(0000,0002) is not the presentation context's SOP class";
    return { status: 0x0122, errorComment, offendingElement: [0x00000002] };
  }
  if (!/^[0-9][0-9.]{0,63}$/.test(sopInstanceUid)) {
    return { status: 0x0117, errorComment: "(0000,1000) is no UID", offendingElement: [0x00001000] };
  }
  const { transferSyntax } = presentationContext;
  return onStore(
    { context, messageId, sopClassUid, sopInstanceUid, transferSyntax, presentationContext, peer, signal },
    dataSet,
  );
}
