export type ListenerLimits = {
  /** Bytes of a P-DATA-TF PDU that we ask peers not to exceed. */
  maxPduLength: number;
  /** PS3.8 §9.1.4, milliseconds. */
  artimMs: number;
  /** For the TLS handshake, milliseconds: a slow line and a slow device are done in one or two seconds. */
  handshakeMs: number;
  /** Milliseconds between messages. */
  idleMs: number;
  /** Milliseconds without a byte inside a message. */
  stallMs: number;
  /** Open at once, in all: more get A-ASSOCIATE-RJ 2/3/1. */
  associations: number;
  /** Open at once for one device: more get A-ASSOCIATE-RJ 2/3/2. */
  associationsPerDevice: number;
  /** Connections open at once on which nobody has been let in yet, in all: for one more the oldest is closed. They take no association's place. */
  waiting: number;
  /** The same from one address (IPv6: one /64). A clinic's devices may share one. */
  waitingPerSource: number;
};

export const LISTENER_LIMITS: ListenerLimits = {
  maxPduLength: 128 * 1024,
  artimMs: 30_000,
  handshakeMs: 5_000,
  idleMs: 300_000,
  stallMs: 60_000,
  associations: 256,
  associationsPerDevice: 64,
  waiting: 256,
  waitingPerSource: 64,
};
