import { createDecipheriv } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import {
  CHUNK_BYTES,
  checkHeader,
  chunksOf,
  closingData,
  HEADER_BYTES,
  type Layout,
  layoutOf,
  SEALED_CHUNK_BYTES,
  type SealKey,
  TAG_BYTES,
  writeNonce,
} from "./layout.ts";

/** One chunk, its tag behind it, becomes plain text or throws `seal.broken`: nothing unproven is ever returned. */
export function openChunk(layout: Layout, number: number, sealed: Uint8Array): Buffer {
  const nonce = writeNonce(Buffer.alloc(12), number, false);
  const decipher = createDecipheriv("aes-256-gcm", layout.contentKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(layout.header).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch (cause) {
    plain.fill(0);
    const message = `chunk ${number} of this sealed object is not what was sealed: restore it from a copy`;
    throw new Fault("seal.broken", message, { place: `chunk ${number}`, cause });
  }
  return plain;
}

/** The closing tag proves the length of the whole. Throws `seal.broken`. */
export function checkClosing(layout: Layout, plainBytes: number, tag: Uint8Array): void {
  const nonce = writeNonce(Buffer.alloc(12), chunksOf(plainBytes), true);
  const decipher = createDecipheriv("aes-256-gcm", layout.contentKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(closingData(layout.header, plainBytes)).setAuthTag(tag);
  try {
    decipher.final();
  } catch (cause) {
    throw new Fault("seal.broken", "this sealed object was cut or extended: restore it from a copy", { cause });
  }
}

/**
 * Opens one object, front to back, from pieces of any size. Every buffer returned was proven; that the object is whole
 * is known only when `final` returns. Throws `seal.broken`.
 */
export class Opener {
  readonly #layout: Layout;
  /** A chunk is opened once 16 bytes after it are known: only then it cannot be the last one. */
  readonly #held = Buffer.allocUnsafe(SEALED_CHUNK_BYTES + TAG_BYTES);
  #filled = 0;
  #chunks = 0;
  #headerSeen = false;

  constructor(key: SealKey) {
    this.#layout = layoutOf(key);
  }

  update(sealed: Uint8Array): Buffer[] {
    const out: Buffer[] = [];
    let at = this.#headerSeen ? 0 : this.#readHeader(sealed);
    while (at < sealed.length) {
      if (this.#filled === 0 && sealed.length - at >= this.#held.length) {
        out.push(openChunk(this.#layout, this.#chunks++, sealed.subarray(at, at + SEALED_CHUNK_BYTES)));
        at += SEALED_CHUNK_BYTES;
        continue;
      }
      at += this.#hold(sealed, at, this.#held.length);
      if (this.#filled === this.#held.length) {
        out.push(openChunk(this.#layout, this.#chunks++, this.#held.subarray(0, SEALED_CHUNK_BYTES)));
        this.#held.copyWithin(0, SEALED_CHUNK_BYTES);
        this.#filled = TAG_BYTES;
      }
    }
    return out;
  }

  final(): Buffer[] {
    if (!this.#headerSeen) throw new Fault("seal.broken", "this sealed object ends inside its header");
    const rest = this.#filled - TAG_BYTES;
    if (rest < 0 || (rest > 0 && rest <= TAG_BYTES)) throw new Fault("seal.broken", "this sealed object was cut");
    const out = rest > 0 ? [openChunk(this.#layout, this.#chunks, this.#held.subarray(0, rest))] : [];
    const plainBytes = this.#chunks * CHUNK_BYTES + (rest > 0 ? rest - TAG_BYTES : 0);
    checkClosing(this.#layout, plainBytes, this.#held.subarray(rest, rest + TAG_BYTES));
    return out;
  }

  #readHeader(sealed: Uint8Array): number {
    const taken = this.#hold(sealed, 0, HEADER_BYTES);
    if (this.#filled === HEADER_BYTES) {
      checkHeader(this.#held.subarray(0, HEADER_BYTES), this.#layout.header);
      this.#headerSeen = true;
      this.#filled = 0;
    }
    return taken;
  }

  #hold(sealed: Uint8Array, at: number, until: number): number {
    const take = Math.min(until - this.#filled, sealed.length - at);
    this.#held.set(sealed.subarray(at, at + take), this.#filled);
    this.#filled += take;
    return take;
  }
}

/** Opens a whole sealed stream. What is yielded is proven; that nothing is missing is proven when the iteration ends. Throws `seal.broken`. */
export async function* openSealed(
  sealed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  key: SealKey,
): AsyncGenerator<Buffer, void, undefined> {
  const opener = new Opener(key);
  for await (const piece of sealed) yield* opener.update(piece);
  yield* opener.final();
}

/** Opens a small object that is in memory: its whole plain text. Throws `seal.broken`. */
export function openBytes(key: SealKey, sealed: Uint8Array): Buffer {
  const opener = new Opener(key);
  const out = opener.update(sealed);
  out.push(...opener.final());
  return out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out);
}
