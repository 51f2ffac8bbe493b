import { Fault, type FaultCode } from "#kit/fault.ts";

/**
 * Bytes go through a bounded reader: a length from the wire is spent against what is left before anything is allocated,
 * and bytes that nobody claimed are an error. Offsets and lengths are in bytes. Multi-byte numbers are big-endian unless
 * the method's name ends in `le`.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: FaultCode;
  #at = 0;

  /** `code` is the Fault thrown when a length does not fit what is left. */
  constructor(bytes: Uint8Array, code: FaultCode = "input.invalid") {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  get offset(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(length: number, what: string): number {
    if (length < 0 || length > this.left) {
      throw new Fault(this.#code, `${what} needs ${length} bytes at offset ${this.#at}, ${this.left} are left`);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1, "a byte"));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2, "a 16-bit number"));
  }

  u16le(): number {
    return this.#view.getUint16(this.#take(2, "a 16-bit number"), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4, "a 32-bit number"));
  }

  u32le(): number {
    return this.#view.getUint32(this.#take(4, "a 32-bit number"), true);
  }

  u64le(): bigint {
    return this.#view.getBigUint64(this.#take(8, "a 64-bit number"), true);
  }

  /** A view, not a copy, of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length, "a value");
    return this.#bytes.subarray(at, at + length);
  }

  /** A reader that cannot see past its own `length` bytes. */
  slice(length: number): ByteReader {
    return new ByteReader(this.bytes(length), this.#code);
  }

  /** The next `length` bytes as one character per byte (ISO 8859-1). */
  latin1(length: number): string {
    const bytes = this.bytes(length);
    // The browser has no Buffer; what it reads here are the short words of code streams.
    if (typeof Buffer === "undefined") return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return Buffer.from(bytes).toString("latin1");
  }

  skip(length: number): void {
    this.#take(length, "a gap");
  }

  /** Everything read: leftovers are an error. */
  end(): void {
    if (this.left > 0) throw new Fault(this.#code, `${this.left} bytes at offset ${this.#at} belong to nothing`);
  }
}

/** Builds bytes front to back; grows by doubling. Numbers are big-endian unless the name ends in `le`. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  #room(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(at + length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#at += length;
    return at;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u16le(value: number): this {
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value);
    return this;
  }

  u32le(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64le(value: bigint): this {
    const at = this.#room(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  latin1(text: string): this {
    return this.bytes(Buffer.from(text, "latin1"));
  }

  /** Overwrites a 32-bit big-endian number that was written before, such as a length known only now. */
  patchU32(at: number, value: number): this {
    this.#view.setUint32(at, value);
    return this;
  }

  patchU32le(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** A view of what was written so far. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}
