import type { Socket } from "node:net";
import { Fault } from "#kit/fault.ts";
import type { Clock } from "#kit/time.ts";
import { type Answer, Conversation, type Incoming } from "#platform/dicom/conversation.ts";
import type { ListenerLimits } from "#platform/dicom/limits.ts";
import type { PeerCertificate } from "#platform/dicom/tls.ts";
import type { CommandOf, Request } from "#standards/dimse/command.ts";
import {
  type AcceptedContext,
  negotiate,
  type Offer,
  REJECTIONS,
  type Rejection,
  rejection,
} from "#standards/dimse/negotiate.ts";
import { type AssociateRq, DICOM_APPLICATION_CONTEXT, type ProposedContext } from "#standards/dimse/pdu.ts";
import type { Indication } from "#standards/dimse/state.ts";
import type { UserIdentity } from "#standards/dimse/user-information.ts";

/** Who asks for an association, and for what. */
export type Peer = {
  calledAe: string;
  callingAe: string;
  /** Null on a plain listener. */
  certificate: PeerCertificate | null;
  address: string;
  contexts: readonly ProposedContext[];
  userIdentity: UserIdentity | undefined;
  implementation: { classUid: string | undefined; version: string | undefined };
};

export type Decision<T> =
  | {
      accept: true;
      /** Goes along with every request of the association. */
      context: T;
      /** What counts as one device for its limit; without it, certificate or address with the calling AE title. */
      device?: string;
      limits?: { associationsPerDevice?: number };
      /** What this device may use, where that is not the listener's whole offer. */
      offer?: Offer;
      requestorMayServe?: ReadonlySet<string>;
      answerExtended?: (sopClassUid: string, information: Uint8Array) => Uint8Array | undefined;
      /** Without it a peer that wants its user identity confirmed is rejected. */
      userIdentityResponse?: Uint8Array;
    }
  | { accept?: false; reject: Rejection; because?: string };

export type StoreRequest<T> = {
  context: T;
  messageId: number;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntax: string;
  presentationContext: AcceptedContext;
  peer: Peer;
  /** Aborts when the association ends. */
  signal: AbortSignal;
};

export type ServiceRequest<T, R extends Request = Request> = Omit<Incoming, "command"> & {
  command: R;
  context: T;
  peer: Peer;
};

export type AbortRecord =
  | { stage: "tls"; address: string; because: string }
  | { stage: "association"; peer: Peer; by: "peer" | "us" | "transport"; because: string }
  | { stage: "opening"; address: string; because: string };

type HandledName = Exclude<Request["command"], "C-STORE-RQ" | "C-ECHO-RQ">;

export type AcceptorOptions<T> = {
  /** Abstract syntaxes and their transfer syntaxes; `storageOffer` makes the usual one. */
  offer: Offer;
  decide: (peer: Peer) => Promise<Decision<T>>;
  /** Success may be answered only when the object is durable. A Fault that is thrown becomes its DIMSE status with a comment; what is left of the data set is drained. */
  onStore?: (request: StoreRequest<T>, dataSet: AsyncIterable<Uint8Array>) => Promise<Answer>;
  /** Further services, by request; those without a handler are answered 0211. */
  handlers?: { [N in HandledName]?: (request: ServiceRequest<T, Extract<Request, { command: N }>>) => Promise<Answer> };
  /** For the record. They must not throw. */
  onAccepted?: (peer: Peer, context: T) => void;
  onRejected?: (peer: Peer, rejection: Rejection, because: string) => void;
  onAborted?: (record: AbortRecord) => void;
  limits: ListenerLimits;
  clock: Clock;
};

type Opening = { certificate: PeerCertificate | null; encrypted: boolean };

/** Takes connections of one listener through association, service and end. */
export class Acceptor<T> {
  readonly #options: AcceptorOptions<T>;
  readonly #open = new Set<Conversation>();
  readonly #perDevice = new Map<string, number>();

  constructor(options: AcceptorOptions<T>) {
    this.#options = options;
  }

  /** Serves one connected peer to its end. */
  take(socket: Socket, opening: Opening): void {
    const reception = new Reception(
      this.#options,
      this.#perDevice,
      socket,
      opening,
      () => this.#open.size > this.#options.limits.associations,
    );
    const { conversation } = reception;
    this.#open.add(conversation);
    void conversation.closed.then(() => this.#open.delete(conversation));
    conversation.upperLayer.open();
  }

  /** Lets what has begun end, aborts the rest after `graceMs`; settles when every connection is closed. */
  async leave(graceMs: number): Promise<void> {
    for (const conversation of this.#open) conversation.leave();
    const late = setTimeout(() => {
      for (const conversation of this.#open) conversation.destroy();
    }, graceMs);
    await Promise.all([...this.#open].map(({ closed }) => closed));
    clearTimeout(late);
  }
}

/** One connection, from A-ASSOCIATE-RQ on. */
class Reception<T> {
  readonly conversation: Conversation;
  readonly #options: AcceptorOptions<T>;
  readonly #perDevice: Map<string, number>;
  readonly #opening: Opening;
  readonly #address: string;
  readonly #crowded: () => boolean;
  #peer: Peer | undefined;
  #accepted: { context: T } | undefined;

  constructor(
    options: AcceptorOptions<T>,
    perDevice: Map<string, number>,
    socket: Socket,
    opening: Opening,
    crowded: () => boolean,
  ) {
    this.#options = options;
    this.#perDevice = perDevice;
    this.#opening = opening;
    this.#address = socket.remoteAddress ?? "";
    this.#crowded = crowded;
    const { artimMs, idleMs, stallMs } = options.limits;
    this.conversation = new Conversation(
      {
        socket,
        artimMs,
        idleMs,
        stallMs,
        serve: (incoming) => this.#serve(incoming),
        tell: (what) => this.#told(what),
      },
      "acceptor",
    );
  }

  #told(what: Exclude<Indication, { is: "fragment" }>): void {
    if (what.is === "associate") void this.#consider(what.request);
    if (what.is !== "abort") return;
    const because = what.by === "transport" ? "connection lost" : `source ${what.source}, reason ${what.reason}`;
    if (this.#peer === undefined) this.#options.onAborted?.({ stage: "opening", address: this.#address, because });
    else this.#options.onAborted?.({ stage: "association", peer: this.#peer, by: what.by, because });
  }

  async #consider(request: AssociateRq): Promise<void> {
    const peer = peerOf(request, this.#address, this.#opening.certificate);
    this.#peer = peer;
    const early = this.#refuse(request, peer);
    if (early !== undefined) return this.#reject(peer, REJECTIONS[early[0]], early[1]);
    let decision: Decision<T>;
    try {
      decision = await this.#options.decide(peer);
    } catch {
      return this.#reject(peer, REJECTIONS.congestion, "the decision failed");
    }
    if (decision.accept !== true) return this.#reject(peer, decision.reject, decision.because ?? "refused");
    this.#accept(request, peer, decision);
  }

  /** What needs no decision. */
  #refuse(request: AssociateRq, { certificate, contexts }: Peer): [keyof typeof REJECTIONS, string] | undefined {
    if (this.#crowded()) return ["congestion", "too many associations in all"];
    if (request.applicationContext !== DICOM_APPLICATION_CONTEXT)
      return ["application-context", "another application context"];
    if (contexts.length === 0) return ["no-reason", "no presentation context"];
    if (!this.#opening.encrypted) return undefined;
    if (certificate === null) return ["calling-ae", "no certificate"];
    const now = this.#options.clock();
    if (now < certificate.validFrom || now > certificate.validTo)
      return ["calling-ae", "the certificate is not valid today"];
    return undefined;
  }

  #reject(peer: Peer, reason: Rejection, because: string): void {
    if (this.conversation.upperLayer.wish({ evt: "Evt8", pdu: rejection(reason) }))
      this.#options.onRejected?.(peer, reason, because);
  }

  #accept(request: AssociateRq, peer: Peer, decision: Extract<Decision<T>, { accept: true }>): void {
    if (!this.conversation.upperLayer.may("Evt7")) return; // the peer has gone meanwhile
    if (request.user.userIdentity?.positiveResponseRequested && decision.userIdentityResponse === undefined) {
      this.#reject(peer, REJECTIONS["no-reason"], "the user identity cannot be confirmed");
      return;
    }
    const device = decision.device ?? `${peer.certificate?.fingerprint ?? peer.address} ${peer.callingAe}`;
    const others = this.#perDevice.get(device) ?? 0;
    const limit = decision.limits?.associationsPerDevice ?? this.#options.limits.associationsPerDevice;
    if (others >= limit) {
      this.#reject(peer, REJECTIONS["local-limit"], "too many associations of this device");
      return;
    }
    this.#perDevice.set(device, others + 1);
    void this.conversation.closed.then(() => {
      const left = (this.#perDevice.get(device) ?? 1) - 1;
      if (left === 0) this.#perDevice.delete(device);
      else this.#perDevice.set(device, left);
    });
    const { offer, limits } = this.#options;
    const { reply, contexts } = negotiate(request, {
      ...decision,
      offer: decision.offer ?? offer,
      maxPduLength: limits.maxPduLength,
    });
    this.#accepted = { context: decision.context };
    this.conversation.establish(contexts, request.user.maxPduLength ?? 0);
    this.conversation.upperLayer.wish({ evt: "Evt7", pdu: reply });
    this.#options.onAccepted?.(peer, decision.context);
  }

  async #serve(incoming: Incoming): Promise<Answer> {
    const { command, presentationContext } = incoming;
    if (this.#accepted === undefined || this.#peer === undefined)
      throw new Fault("internal", "a message before the association");
    if (!presentationContext.requestorIsScu)
      return { status: 0x0122, errorComment: "this association's requestor is no SCU of the class" };
    const { context } = this.#accepted;
    if (command.command === "C-ECHO-RQ") return { status: 0x0000 };
    if (command.command === "C-STORE-RQ") return this.#store({ ...incoming, command }, context, this.#peer);
    const handlers: Partial<Record<string, (request: ServiceRequest<T, never>) => Promise<Answer>>> =
      this.#options.handlers ?? {};
    const handler = handlers[command.command];
    if (handler === undefined) return { status: 0x0211, errorComment: `${command.command} is not offered here` };
    return handler({ ...incoming, command: command as never, context, peer: this.#peer });
  }

  async #store(incoming: Incoming & { command: CommandOf<"C-STORE-RQ"> }, context: T, peer: Peer): Promise<Answer> {
    const { command, presentationContext, dataSet, signal } = incoming;
    const { onStore } = this.#options;
    if (onStore === undefined) return { status: 0x0211, errorComment: "storage is not offered here" };
    if (dataSet === null) return { status: 0xc000, errorComment: "a C-STORE request without data set" };
    if (command.affectedSopClassUid !== presentationContext.abstractSyntax) {
      return {
        status: 0x0122,
        errorComment: "SOP class is not that of the presentation context",
        offendingElement: [0x00000002],
      };
    }
    if (!/^[0-9][0-9.]{0,63}$/.test(command.affectedSopInstanceUid)) {
      return { status: 0x0117, errorComment: "SOP instance UID is no UID", offendingElement: [0x00001000] };
    }
    const request: StoreRequest<T> = {
      context,
      messageId: command.messageId,
      sopClassUid: command.affectedSopClassUid,
      sopInstanceUid: command.affectedSopInstanceUid,
      transferSyntax: presentationContext.transferSyntax,
      presentationContext,
      peer,
      signal,
    };
    return onStore(request, dataSet);
  }
}

function peerOf(request: AssociateRq, address: string, certificate: PeerCertificate | null): Peer {
  const { calledAe, callingAe, contexts, user } = request;
  return {
    calledAe,
    callingAe,
    certificate,
    address,
    contexts,
    userIdentity: user.userIdentity,
    implementation: { classUid: user.implementationClassUid, version: user.implementationVersion },
  };
}
