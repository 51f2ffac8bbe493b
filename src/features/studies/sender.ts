import type { FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import { Fault } from "#kit/fault.ts";

/** May this actor store into its organisation? Devices over DICOM TLS, tokens with the scope, clinical roles. */
export function mayStore(who: Actor): boolean {
  switch (who.kind) {
    case "person":
      return who.roles.some((role) => role === "radiographer" || role === "radiologist");
    case "token":
      return who.scopes.includes("dicomweb.write");
    case "device":
      return who.services.includes("store");
    case "system":
      return true;
    case "link":
      return false;
  }
}

/** Whether who began to send may still store, judged anew each time. Throws sign-in.required or role.denied. */
export type Judge = () => Promise<void>;

/** Judges the sender of a request whose body is still coming in: dismissed, revoked, ended or at work elsewhere, they store nothing more. */
export function senderJudge(authenticate: Authenticate, request: FastifyRequest, who: Actor): Judge {
  return async () => {
    const now = await authenticate(request, "under-way");
    if (now === null || now.id !== who.id || now.organisation !== who.organisation)
      throw new Fault(
        "sign-in.required",
        "The sign-in or token ended while this was sent; what came before is stored.",
      );
    if (!mayStore(now)) throw new Fault("role.denied", "You may not store studies here any more.");
  };
}

/** What a judge refuses with: whoever sends, not what is sent. */
export const isSenderRefused = ({ code }: Fault): boolean => code === "sign-in.required" || code === "role.denied";

/** The bytes, which end well only if `judge` finds so after the last of them: what is refused then leaves nothing behind. */
export async function* judgedLast(
  bytes: AsyncIterable<Uint8Array>,
  judge: Judge,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* bytes;
  await judge();
}
