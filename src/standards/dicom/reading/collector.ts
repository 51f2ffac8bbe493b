import type { ByteWindow } from "#standards/dicom/reading/window.ts";

/** Gathers one value that straddles chunks. Memory follows what arrives, not what the header claims. */
export class Collector {
  readonly #length: number;
  #bytes: Uint8Array;
  #filled = 0;

  constructor(length: number) {
    this.#length = length;
    this.#bytes = new Uint8Array(Math.min(length, 4096));
  }

  /** Takes what is there; the whole value once it is complete. */
  take(window: ByteWindow): Uint8Array | undefined {
    const size = Math.min(window.available, this.#length - this.#filled);
    if (this.#filled + size > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#length, Math.max(this.#bytes.length * 2, this.#filled + size)));
      grown.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = grown;
    }
    this.#bytes.set(window.peek(size), this.#filled);
    window.skip(size);
    this.#filled += size;
    return this.#filled === this.#length ? this.#bytes : undefined;
  }
}
