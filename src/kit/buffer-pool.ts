/**
 * Buffers that are used again: fresh memory of this size costs more than the copy into it. Whoever takes one holds old bytes
 * of somebody else until it is filled, and gives it back only when nothing reads it any more; one that is not given back is
 * collected like any other.
 */
export class BufferPool {
  readonly #bytes: number;
  readonly #most: number;
  readonly #free: Buffer[] = [];

  /** Buffers of `bytes` bytes, at most `most` of them kept. */
  constructor({ bytes, most }: { bytes: number; most: number }) {
    this.#bytes = bytes;
    this.#most = most;
  }

  /** At least `bytes` long, and as long as the pool has them when that is not said; larger ones than the pool has are made for this use alone. */
  take(bytes = this.#bytes): Buffer {
    if (bytes > this.#bytes) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.#bytes && this.#free.length < this.#most) this.#free.push(buffer);
  }
}
