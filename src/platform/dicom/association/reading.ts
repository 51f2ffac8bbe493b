import type { Duplex } from "node:stream";

/**
 * A peer with Nagle's algorithm holds a small last segment until what went before is acknowledged, and a kernel that answers
 * requests delays that acknowledgement by 40 ms (RFC 9293 §3.7.4, §3.8.6.3). A silence of this length in the middle of what the peer is
 * sending gives such a pair away, in milliseconds.
 */
const STALL_MS = { from: 35, to: 250 } as const;

/** Between two reads from a peer that stalls: more than a segment is then read at once, and the kernel acknowledges at once. Milliseconds. */
const REST_MS = 1;

/** Says when a socket is read: not while its owner holds it, and in few large reads once its peer was seen to stall. */
export class Reading {
  readonly #socket: Duplex;
  #held = false;
  #resting = false;
  #stalls = false;
  readonly #now: () => number;
  #lastReadAt: number;
  #peersTurn = false;

  /** `now` in milliseconds, from anywhere. */
  constructor(socket: Duplex, now: () => number = () => performance.now()) {
    this.#socket = socket;
    this.#now = now;
    this.#lastReadAt = now();
  }

  get held(): boolean {
    return this.#held;
  }

  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.#apply();
  }

  /** To be called after each read. */
  read(): void {
    const now = this.#now();
    const silence = now - this.#lastReadAt;
    this.#lastReadAt = now;
    if (this.#peersTurn && !this.#resting && silence >= STALL_MS.from && silence <= STALL_MS.to) this.#stalls = true;
    this.#peersTurn = true;
    if (this.#stalls && !this.#resting) this.#rest();
  }

  /** To be called after each write: the next silence may be the peer's thinking. */
  wrote(): void {
    this.#peersTurn = false;
  }

  /** Begins after this turn of the event loop has read what there is. */
  #rest(): void {
    this.#resting = true;
    setImmediate(() => {
      this.#apply();
      setTimeout(() => {
        this.#resting = false;
        this.#apply();
      }, REST_MS);
    });
  }

  #apply(): void {
    const pause = this.#held || this.#resting;
    if (pause === this.#socket.isPaused() || this.#socket.destroyed) return;
    if (pause) this.#socket.pause();
    else this.#socket.resume();
  }
}
