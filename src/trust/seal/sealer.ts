import { type CipherGCM, createCipheriv } from "node:crypto";
import { Transform } from "node:stream";
import { Fault } from "#kit/fault.ts";
import { CHUNK_BYTES, closingData, type Layout, layoutOf, type SealKey, TAG_BYTES, writeNonce } from "./layout.ts";

/**
 * Seals one object, front to back, in the layout of `layout.ts`. What `update` and `final` return, in that order, is
 * the sealed object; the buffers are fresh and made for `writev`. The input is read before `update` returns and may be
 * reused. Nothing is held back: at most a chunk's tag is still owed. A sealer ends once; an attempt that failed starts
 * again with a new key.
 */
export class Sealer {
  readonly #layout: Layout;
  readonly #nonce = Buffer.alloc(12);
  #cipher: CipherGCM | undefined;
  #filled = 0;
  #chunks = 0;
  #plainBytes = 0;
  #state: "new" | "open" | "ended" = "new";

  /** Throws `input.invalid` for an id that is no UUID or a key that is not 32 bytes. */
  constructor(key: SealKey) {
    this.#layout = layoutOf(key);
  }

  /** Bytes of plain text so far. */
  get plainBytes(): number {
    return this.#plainBytes;
  }

  /** Seals what comes next, of any length. */
  update(plain: Uint8Array): Buffer[] {
    const out = this.#begin();
    for (let at = 0; at < plain.length; ) {
      const take = Math.min(CHUNK_BYTES - this.#filled, plain.length - at);
      const piece = take === plain.length ? plain : plain.subarray(at, at + take);
      this.#cipher ??= this.#cipherOf(this.#chunks, false, this.#layout.header);
      out.push(this.#cipher.update(piece));
      at += take;
      this.#filled += take;
      this.#plainBytes += take;
      if (this.#filled === CHUNK_BYTES) out.push(this.#closeChunk(this.#cipher));
    }
    return out;
  }

  /** The end of the object. Calling it, or `update`, again throws `internal`. */
  final(): Buffer[] {
    const out = this.#begin();
    if (this.#cipher !== undefined) out.push(this.#closeChunk(this.#cipher));
    const closing = this.#cipherOf(this.#chunks, true, closingData(this.#layout.header, this.#plainBytes));
    closing.final();
    out.push(closing.getAuthTag());
    this.#state = "ended";
    return out;
  }

  #begin(): Buffer[] {
    if (this.#state === "ended") throw new Fault("internal", "this sealer has ended; seal again with a new key");
    const out = this.#state === "new" ? [Buffer.from(this.#layout.header)] : [];
    this.#state = "open";
    return out;
  }

  #cipherOf(number: number, closing: boolean, data: Buffer): CipherGCM {
    const nonce = writeNonce(this.#nonce, number, closing);
    const cipher = createCipheriv("aes-256-gcm", this.#layout.contentKey, nonce, { authTagLength: TAG_BYTES });
    return cipher.setAAD(data);
  }

  #closeChunk(cipher: CipherGCM): Buffer {
    cipher.final();
    this.#cipher = undefined;
    this.#filled = 0;
    this.#chunks += 1;
    return cipher.getAuthTag();
  }
}

/** A stream that seals what flows through it, with the guarantees of `Sealer`. */
export function sealStream(key: SealKey): Transform {
  const sealer = new Sealer(key);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const piece of sealer.update(chunk)) this.push(piece);
      done();
    },
    flush(done) {
      for (const piece of sealer.final()) this.push(piece);
      done();
    },
  });
}

/** Seals a small object that is in memory anyway: the whole sealed object in one buffer. */
export function sealBytes(key: SealKey, plain: Uint8Array): Buffer {
  const sealer = new Sealer(key);
  return Buffer.concat([...sealer.update(plain), ...sealer.final()]);
}
