export type ListenerLimits = {
  /** Bytes of a P-DATA-TF PDU that we ask peers not to exceed. */
  maxPduLength: number;
  /** PS3.8 §9.1.4, milliseconds; also the time for the TLS handshake. */
  artimMs: number;
  /** Milliseconds between messages. */
  idleMs: number;
  /** Milliseconds without a byte inside a message. */
  stallMs: number;
  /** Open at once, in all: more get A-ASSOCIATE-RJ 2/3/1. */
  associations: number;
  /** Open at once for one device: more get A-ASSOCIATE-RJ 2/3/2. */
  associationsPerDevice: number;
};

export const LISTENER_LIMITS: ListenerLimits = {
  maxPduLength: 128 * 1024,
  artimMs: 30_000,
  idleMs: 300_000,
  stallMs: 60_000,
  associations: 256,
  associationsPerDevice: 64,
};
