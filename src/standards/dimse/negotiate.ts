import { Fault } from "#kit/fault.ts";
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from "#standards/dicom/implementation.ts";
import {
  type AnsweredContext,
  type AssociateAc,
  type AssociateRj,
  type AssociateRq,
  DICOM_APPLICATION_CONTEXT,
  type ProposedContext,
} from "#standards/dimse/pdu.ts";
import type { RoleSelection, UserInformation } from "#standards/dimse/user-information.ts";

export const VERIFICATION = "1.2.840.10008.1.1";
export const IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2";
export const EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1";

/** PS3.5 annex A.3, retired: taken only from who proposes nothing else, for senders offer it beside what their files are in. */
const EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2";

/** PS3.8 table 9-21, the rows we use. */
export const REJECTIONS = {
  "no-reason": { result: 1, source: 1, reason: 1 },
  "application-context": { result: 1, source: 1, reason: 2 },
  "calling-ae": { result: 1, source: 1, reason: 3 },
  "called-ae": { result: 1, source: 1, reason: 7 },
  "protocol-version": { result: 1, source: 2, reason: 2 },
  congestion: { result: 2, source: 3, reason: 1 },
  "local-limit": { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, Rejection>;

export type Rejection = { result: number; source: number; reason: number };

/** The A-ASSOCIATE-RJ PDU for a row of `REJECTIONS` or of one's own. */
export function rejection({ result, source, reason }: Rejection): AssociateRj {
  return { type: "A-ASSOCIATE-RJ", result, source, reason };
}

/** Abstract syntax → the transfer syntaxes taken for it. */
export type Offer = ReadonlyMap<string, ReadonlySet<string>>;

/** An offer for Verification in the two uncompressed little endian syntaxes, and for storage of the given classes in the given syntaxes. */
export function storageOffer(sopClasses: Iterable<string>, transferSyntaxes: Iterable<string>): Offer {
  const syntaxes = new Set(transferSyntaxes);
  const offer = new Map<string, ReadonlySet<string>>([...sopClasses].map((uid) => [uid, syntaxes]));
  return offer.set(VERIFICATION, new Set([EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN]));
}

export type Acceptance = {
  offer: Offer;
  /** Bytes of a P-DATA-TF PDU that we ask the peer not to exceed. */
  maxPduLength: number;
  /** SOP classes for which the requestor may be the SCP (C-GET, storage commitment). */
  requestorMayServe?: ReadonlySet<string>;
  /** PS3.7 §D.3.3.5: the answer to a SOP class's proposed bytes, undefined for none. */
  answerExtended?: (sopClassUid: string, information: Uint8Array) => Uint8Array | undefined;
  userIdentityResponse?: Uint8Array;
};

/** A presentation context that both sides agreed on. */
export type AcceptedContext = {
  id: number;
  abstractSyntax: string;
  transferSyntax: string;
  /** The requestor's roles, PS3.7 §D.3.3.4: SCU only unless negotiated. */
  requestorIsScu: boolean;
  requestorIsScp: boolean;
};
export type AcceptedContexts = ReadonlyMap<number, AcceptedContext>;

/**
 * Answers a request by the offer: every context gets the first proposed transfer syntax that the offer has (the retired big
 * endian one last), so that what the peer likes best is stored as sent. The contexts are those of the reply that were accepted. PS3.8 §7.1.1.13, PS3.7 §D.3.
 */
export function negotiate(
  request: AssociateRq,
  acceptance: Acceptance,
): { reply: AssociateAc; contexts: AcceptedContexts } {
  const roles = grantRoles(request.user.roles ?? [], acceptance);
  const contexts = new Map<number, AcceptedContext>();
  const answers = request.contexts.map((proposed): AnsweredContext => {
    const answer = answerContext(proposed, acceptance.offer);
    if (answer.result === 0)
      contexts.set(proposed.id, {
        ...proposedRoles(roles, proposed.abstractSyntax),
        id: proposed.id,
        abstractSyntax: proposed.abstractSyntax,
        transferSyntax: answer.transferSyntax,
      });
    return answer;
  });
  const reply: AssociateAc = {
    type: "A-ASSOCIATE-AC",
    protocolVersion: 1,
    calledAe: request.calledAe,
    callingAe: request.callingAe,
    applicationContext: DICOM_APPLICATION_CONTEXT,
    contexts: answers,
    user: answerUser(request.user, acceptance, roles),
  };
  return { reply, contexts };
}

function answerContext(proposed: ProposedContext, offer: Offer): AnsweredContext {
  const { id } = proposed;
  const insignificant = proposed.transferSyntaxes[0] ?? IMPLICIT_LITTLE_ENDIAN;
  const taken = offer.get(proposed.abstractSyntax);
  if (taken === undefined) return { id, result: 3, transferSyntax: insignificant };
  const usable = proposed.transferSyntaxes.filter((uid) => taken.has(uid));
  const transferSyntax = usable.find((uid) => uid !== EXPLICIT_BIG_ENDIAN) ?? usable[0];
  return transferSyntax === undefined
    ? { id, result: 4, transferSyntax: insignificant }
    : { id, result: 0, transferSyntax };
}

/** PS3.7 §D.3.3.4: the acceptor answers each proposed role with what it grants. */
function grantRoles(proposed: readonly RoleSelection[], { offer, requestorMayServe }: Acceptance): RoleSelection[] {
  return proposed
    .filter(({ sopClassUid }) => offer.has(sopClassUid))
    .map(({ sopClassUid, scu, scp }) => ({
      sopClassUid,
      scu,
      scp: scp && (requestorMayServe?.has(sopClassUid) ?? false),
    }));
}

function proposedRoles(
  roles: readonly RoleSelection[],
  abstractSyntax: string,
): { requestorIsScu: boolean; requestorIsScp: boolean } {
  const role = roles.find(({ sopClassUid }) => sopClassUid === abstractSyntax);
  return { requestorIsScu: role?.scu ?? true, requestorIsScp: role?.scp ?? false };
}

function answerUser(proposed: UserInformation, acceptance: Acceptance, roles: RoleSelection[]): UserInformation {
  const user: UserInformation = {
    maxPduLength: acceptance.maxPduLength,
    implementationClassUid: IMPLEMENTATION_CLASS_UID,
    implementationVersion: IMPLEMENTATION_VERSION_NAME,
  };
  if (proposed.asynchronousOperations !== undefined) user.asynchronousOperations = { invoked: 1, performed: 1 };
  if (roles.length > 0) user.roles = roles;
  const extended = (proposed.extended ?? []).flatMap(({ sopClassUid, information }) => {
    const answer = acceptance.answerExtended?.(sopClassUid, information);
    return answer === undefined ? [] : [{ sopClassUid, information: answer }];
  });
  if (extended.length > 0) user.extended = extended;
  if (proposed.userIdentity?.positiveResponseRequested && acceptance.userIdentityResponse !== undefined) {
    user.userIdentityResponse = acceptance.userIdentityResponse;
  }
  return user;
}

export type Proposal = {
  calledAe: string;
  callingAe: string;
  /** At most 128, in the order of wish; ids 1, 3, 5, … are given in this order. */
  contexts: readonly { abstractSyntax: string; transferSyntaxes: readonly string[] }[];
  maxPduLength: number;
  roles?: readonly RoleSelection[];
  user?: Omit<UserInformation, "maxPduLength" | "roles">;
};

/** The A-ASSOCIATE-RQ for a proposal. Fault `config.invalid` for AE titles that do not fit (1 to 16 characters) and for no or more than 128 contexts. */
export function propose(proposal: Proposal): AssociateRq {
  for (const ae of [proposal.calledAe, proposal.callingAe]) {
    if (!/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(ae) || ae.trim() === "")
      throw new Fault("config.invalid", "an AE title has 1 to 16 plain characters without backslash");
  }
  const count = proposal.contexts.length;
  if (count === 0 || count > 128)
    throw new Fault("config.invalid", `an association has 1 to 128 presentation contexts, not ${count}`);
  return {
    type: "A-ASSOCIATE-RQ",
    protocolVersion: 1,
    calledAe: proposal.calledAe,
    callingAe: proposal.callingAe,
    applicationContext: DICOM_APPLICATION_CONTEXT,
    contexts: proposal.contexts.map((context, index) => ({ id: index * 2 + 1, ...context })),
    user: {
      implementationClassUid: IMPLEMENTATION_CLASS_UID,
      implementationVersion: IMPLEMENTATION_VERSION_NAME,
      ...proposal.user,
      maxPduLength: proposal.maxPduLength,
      ...(proposal.roles === undefined ? {} : { roles: proposal.roles }),
    },
  };
}

/** What an acceptor's reply gives the requestor. Fault `dimse.malformed` when it accepts what was not proposed. */
export function agreed(request: AssociateRq, reply: AssociateAc): AcceptedContexts {
  const contexts = new Map<number, AcceptedContext>();
  for (const { id, result, transferSyntax } of reply.contexts) {
    if (result !== 0) continue;
    const proposed = request.contexts.find((context) => context.id === id);
    if (proposed === undefined || !proposed.transferSyntaxes.includes(transferSyntax)) {
      throw new Fault("dimse.malformed", `the peer accepted presentation context ${id} as it was not proposed`);
    }
    const roles = proposedRoles(reply.user.roles ?? [], proposed.abstractSyntax);
    contexts.set(id, { ...roles, id, abstractSyntax: proposed.abstractSyntax, transferSyntax });
  }
  return contexts;
}
