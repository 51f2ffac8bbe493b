import type { Fault } from "#kit/fault.ts";

/** Pieces off the wire are gathered into chunks of at least this many bytes; only the last chunk of a data set may be smaller. */
export const CHUNK_BYTES = 256 * 1024;

/** A hostile peer may send one byte per value: so many pieces make a chunk, whatever their size. */
const MAX_PIECES = 1024;

/**
 * One data set on its way from the socket to whoever stores it: pushed in pieces, pulled in large chunks by a single reader.
 * `buffered` and `onRelief` let the owner stop and restart the socket.
 */
export class DataSetStream implements AsyncIterable<Uint8Array> {
  readonly #onRelief: () => void;
  readonly #chunkBytes: number;
  readonly #end = Promise.withResolvers<void>();
  #pieces: Uint8Array[] = [];
  #gathered = 0;
  #ready: Uint8Array[] = [];
  #readyBytes = 0;
  #state: "open" | "ended" | "failed" = "open";
  #fault: Fault | undefined;
  #discarding = false;
  #wake: (() => void) | undefined;

  constructor(onRelief: () => void, chunkBytes: number = CHUNK_BYTES) {
    this.#onRelief = onRelief;
    this.#chunkBytes = chunkBytes;
  }

  /** Bytes held here that the reader has not taken. */
  get buffered(): number {
    return this.#gathered + this.#readyBytes;
  }

  /** Nothing is held and nothing comes any more. */
  get done(): boolean {
    return this.#state !== "open" && this.buffered === 0;
  }

  /** Settles when the last byte came or none will come any more. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  push(bytes: Uint8Array, last: boolean): void {
    if (this.#state !== "open") return;
    if (!this.#discarding && bytes.length > 0) {
      this.#pieces.push(bytes);
      this.#gathered += bytes.length;
    }
    if (last) this.#state = "ended";
    if (last || this.#gathered >= this.#chunkBytes || this.#pieces.length >= MAX_PIECES) this.#flush();
    if (last) this.#end.resolve();
  }

  /** No more will come: the reader gets what is whole, then the fault. */
  fail(fault: Fault): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#fault = fault;
    this.#end.resolve();
    this.#wake?.();
  }

  /** Drops what is here and what still comes; the owner's socket keeps flowing. */
  discard(): void {
    if (this.#discarding) return;
    this.#discarding = true;
    this.#pieces = [];
    this.#gathered = 0;
    this.#ready = [];
    this.#readyBytes = 0;
    this.#wake?.();
    this.#onRelief();
  }

  #flush(): void {
    const [first] = this.#pieces;
    if (first !== undefined) {
      this.#ready.push(this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces, this.#gathered));
      this.#readyBytes += this.#gathered;
      this.#pieces = [];
      this.#gathered = 0;
    }
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const chunk = this.#ready.shift();
        if (chunk !== undefined) {
          this.#readyBytes -= chunk.length;
          this.#onRelief();
          yield chunk;
        } else if (this.#fault !== undefined) throw this.#fault;
        else if (this.#state === "ended" || this.#discarding) return;
        else await this.#more();
      }
    } finally {
      this.discard();
    }
  }

  #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = () => {
      this.#wake = undefined;
      resolve();
    };
    return promise;
  }
}
