const NOTHING = new Uint8Array(0);
const NO_VIEW = new DataView(NOTHING.buffer);

/**
 * The bytes that arrived and were not consumed yet, and where they stand in the whole. What is consumed is never looked at
 * again, so a chunk is copied only when an element's header or a small value straddles two of them.
 */
export class ByteWindow {
  #bytes: Uint8Array = NOTHING;
  #view: DataView = NO_VIEW;
  #at = 0;
  #before: number;

  /** `origin`: the offset of the first byte that will arrive. */
  constructor(origin: number) {
    this.#before = origin;
  }

  /** The offset of the next byte. */
  get offset(): number {
    return this.#before + this.#at;
  }

  get available(): number {
    return this.#bytes.length - this.#at;
  }

  push(chunk: Uint8Array): void {
    const left = this.available;
    this.#before += this.#at;
    if (left === 0) {
      this.#bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength); // never a Buffer: its slice() does not copy
    } else {
      const joined = new Uint8Array(left + chunk.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(chunk, left);
      this.#bytes = joined;
    }
    this.#at = 0;
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  /** Lets go of the caller's chunk: copies the few bytes that were not consumed. */
  settle(): void {
    this.#before += this.#at;
    this.#bytes = this.available === 0 ? NOTHING : this.#bytes.slice(this.#at);
    this.#view = this.#bytes === NOTHING ? NO_VIEW : new DataView(this.#bytes.buffer);
    this.#at = 0;
  }

  /** Counts bytes that never came in here. */
  pass(length: number): void {
    this.#before += length;
  }

  /** The byte at `ahead` bytes from here; the caller has checked `available`. */
  u8(ahead: number): number {
    return this.#bytes[this.#at + ahead] ?? 0;
  }

  u16(ahead: number, little: boolean): number {
    return this.#view.getUint16(this.#at + ahead, little);
  }

  u32(ahead: number, little: boolean): number {
    return this.#view.getUint32(this.#at + ahead, little);
  }

  tag(ahead: number, little: boolean): number {
    const at = this.#at + ahead;
    return ((this.#view.getUint16(at, little) << 16) | this.#view.getUint16(at + 2, little)) >>> 0;
  }

  skip(length: number): void {
    this.#at += length;
  }

  /** A copy of the next `length` bytes, consumed: what is kept must not hold on to the caller's chunk. */
  take(length: number): Uint8Array {
    const bytes = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  /** A view of the next `length` bytes, not consumed. */
  peek(length: number): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#at + length);
  }
}
