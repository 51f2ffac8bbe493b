import type { Clock } from "#kit/time.ts";
import type { Answer, Incoming } from "#platform/dicom/association/incoming.ts";
import type { ListenerLimits } from "#platform/dicom/limits.ts";
import type { PeerCertificate } from "#platform/dicom/tls.ts";
import type { Request } from "#standards/dimse/command.ts";
import type { AcceptedContext, Offer, Rejection } from "#standards/dimse/negotiate.ts";
import type { ProposedContext } from "#standards/dimse/pdu.ts";
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

/** A connection that ended otherwise than by a rejection or a release: in the TLS handshake, before its request, or later. */
export type AbortRecord =
  | { stage: "tls"; address: string; because: string }
  | { stage: "opening"; address: string; because: string }
  | { stage: "association"; peer: Peer; by: "peer" | "us" | "transport"; because: string };

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
  onReleased?: (peer: Peer, context: T) => void;
  onAborted?: (record: AbortRecord) => void;
  /** A request failed; what was thrown is for the log, the peer got its DIMSE status only. */
  onFailed?: (peer: Peer, command: Request["command"], thrown: unknown) => void;
  limits: ListenerLimits;
  clock: Clock;
};
