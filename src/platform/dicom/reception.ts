import type { Socket } from "node:net";
import type { AcceptorOptions, Decision, Peer } from "#platform/dicom/acceptor.ts";
import { Conversation, type End } from "#platform/dicom/association/conversation.ts";
import { serveRequest } from "#platform/dicom/services.ts";
import type { PeerCertificate } from "#platform/dicom/tls.ts";
import { negotiate, REJECTIONS, type Rejection, rejection } from "#standards/dimse/negotiate.ts";
import { type AssociateRq, DICOM_APPLICATION_CONTEXT } from "#standards/dimse/pdu.ts";

/** What a connection is taken under. */
export type Desk<T> = {
  options: AcceptorOptions<T>;
  /** Open associations, by device. Whoever was not let in takes no place here. */
  perDevice: Map<string, number>;
};

/** The peer's side of the socket, as the transport knows it. */
export type Transport = {
  address: string;
  encrypted: boolean;
  certificate: PeerCertificate | null;
  /** Called when the association is accepted. */
  letIn: () => void;
};

const CROWDED: [Rejection, string] = [REJECTIONS.congestion, "too many associations in all"];

/** Takes a connected peer's association request, decides about it, serves it, and reports its end. */
export class Reception<T> {
  readonly conversation: Conversation;
  readonly #desk: Desk<T>;
  readonly #transport: Transport;
  #peer: Peer | undefined;
  #accepted: { context: T } | undefined;
  #rejected = false;

  constructor(desk: Desk<T>, socket: Socket, transport: Transport) {
    this.#desk = desk;
    this.#transport = transport;
    const { onFailed } = desk.options;
    this.conversation = new Conversation(
      {
        ...desk.options.limits,
        socket,
        serve: (incoming) => {
          if (this.#peer === undefined || this.#accepted === undefined) return Promise.resolve({ status: 0x0110 });
          return serveRequest({ ...desk.options, ...this.#accepted, peer: this.#peer }, incoming);
        },
        tell: (what) => {
          if (what.is === "associate") void this.#consider(what.request);
        },
        ended: (end) => this.#ended(end),
        onFailed: (command, thrown) => this.#peer && onFailed?.(this.#peer, command, thrown),
      },
      "acceptor",
    );
  }

  #ended({ by, because: { message: because } }: End): void {
    const { onAborted, onReleased } = this.#desk.options;
    if (this.#rejected) return;
    if (this.#peer === undefined) onAborted?.({ stage: "opening", address: this.#transport.address, because });
    else if (by !== "release") onAborted?.({ stage: "association", peer: this.#peer, by, because });
    else if (this.#accepted !== undefined) onReleased?.(this.#peer, this.#accepted.context);
  }

  /** Never rejects: what goes wrong in a decision rejects the association. */
  async #consider(request: AssociateRq): Promise<void> {
    const peer = peerOf(request, this.#transport);
    this.#peer = peer;
    const early = this.#unfit(request);
    if (early !== undefined) {
      this.#reject(peer, ...early);
      return;
    }
    const decision = await this.#decision(peer);
    if (decision.accept !== true) this.#reject(peer, decision.reject, decision.because ?? "refused");
    else {
      const late = this.#unproven(request, decision) ?? this.#overLimit(peer, decision);
      if (late !== undefined) this.#reject(peer, ...late);
      else this.#accept(request, peer, decision);
    }
  }

  async #decision(peer: Peer): Promise<Decision<T>> {
    try {
      return await this.#desk.options.decide(peer);
    } catch {
      return { reject: REJECTIONS.congestion, because: "the decision failed" };
    }
  }

  /** What needs no decision. PS3.8 table 9-21. */
  #unfit({ applicationContext, contexts }: AssociateRq): [Rejection, string] | undefined {
    if (this.#crowded()) return CROWDED;
    if (applicationContext !== DICOM_APPLICATION_CONTEXT) {
      return [REJECTIONS["application-context"], "another application context"];
    }
    return contexts.length === 0 ? [REJECTIONS["no-reason"], "no presentation context"] : undefined;
  }

  /** Whatever was decided: nobody comes in over TLS without a certificate of today, or with an identity that nobody confirmed. */
  #unproven({ user }: AssociateRq, { userIdentityResponse }: Accepted<T>): [Rejection, string] | undefined {
    const { encrypted, certificate } = this.#transport;
    if (encrypted) {
      const now = this.#desk.options.clock();
      if (certificate === null) return [REJECTIONS["calling-ae"], "no certificate"];
      if (now < certificate.validFrom || now > certificate.validTo) {
        return [REJECTIONS["calling-ae"], "the certificate is not valid today"];
      }
    }
    if (user.userIdentity?.positiveResponseRequested && userIdentityResponse === undefined) {
      return [REJECTIONS["no-reason"], "the user identity cannot be confirmed"];
    }
    return undefined;
  }

  #crowded(): boolean {
    const { perDevice, options } = this.#desk;
    return [...perDevice.values()].reduce((sum, open) => sum + open, 0) >= options.limits.associations;
  }

  #overLimit(peer: Peer, decision: Accepted<T>): [Rejection, string] | undefined {
    if (this.#crowded()) return CROWDED; // others were let in while it was decided
    const open = this.#desk.perDevice.get(deviceOf(peer, decision)) ?? 0;
    const limit = decision.limits?.associationsPerDevice ?? this.#desk.options.limits.associationsPerDevice;
    return open < limit ? undefined : [REJECTIONS["local-limit"], "too many associations of this device"];
  }

  #reject(peer: Peer, reason: Rejection, because: string): void {
    if (!this.conversation.upperLayer.wish({ evt: "Evt8", pdu: rejection(reason) })) return; // the peer has gone meanwhile
    this.#rejected = true;
    this.#desk.options.onRejected?.(peer, reason, because);
  }

  #accept(request: AssociateRq, peer: Peer, decision: Accepted<T>): void {
    const { upperLayer, closed } = this.conversation;
    if (!upperLayer.may("Evt7")) return; // the peer has gone meanwhile
    const { offer, limits, onAccepted } = this.#desk.options;
    const { maxPduLength } = limits;
    const { reply, contexts } = negotiate(request, { ...decision, offer: decision.offer ?? offer, maxPduLength });
    this.#accepted = { context: decision.context };
    this.conversation.establish(contexts, request.user.maxPduLength ?? 0);
    this.#transport.letIn();
    const leave = occupy(this.#desk.perDevice, deviceOf(peer, decision));
    void closed.then(leave);
    upperLayer.wish({ evt: "Evt7", pdu: reply });
    onAccepted?.(peer, decision.context);
  }
}

type Accepted<T> = Extract<Decision<T>, { accept: true }>;

function deviceOf(peer: Peer, decision: { device?: string }): string {
  return decision.device ?? `${peer.certificate?.fingerprint ?? peer.address} ${peer.callingAe}`;
}

/** Counts one more for a device; the result counts it back. */
function occupy(perDevice: Map<string, number>, device: string): () => void {
  perDevice.set(device, (perDevice.get(device) ?? 0) + 1);
  return () => {
    const left = (perDevice.get(device) ?? 1) - 1;
    if (left === 0) perDevice.delete(device);
    else perDevice.set(device, left);
  };
}

function peerOf(request: AssociateRq, { address, certificate }: Transport): Peer {
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
