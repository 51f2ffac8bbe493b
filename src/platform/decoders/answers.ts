import { Fault } from "#kit/fault.ts";
import { type Answer, MAX_HEAD_BYTES, PREFIX_BYTES } from "#platform/decoders/wire.ts";

export type Outcome = { answer: Answer; body: Uint8Array };

/**
 * Puts together what a child says, a chunk at a time. A child may have been taken over by what it decoded: lengths are checked
 * before anything is allocated, the head is JSON, and one message more than was asked for is an error (`decoder.failed`).
 */
export class AnswerReader {
  readonly #maxBody: number;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #head: Uint8Array | undefined;
  #body: Uint8Array | undefined;
  #at = 0;

  constructor(maxBody: number) {
    this.#maxBody = maxBody;
  }

  /** The answer once it is complete. */
  push(chunk: Uint8Array): Outcome | undefined {
    let rest = this.#fill(this.#prefix, 0, chunk);
    if (this.#at < PREFIX_BYTES) return undefined;
    if (this.#head === undefined || this.#body === undefined) this.#announce();
    const head = this.#head ?? this.#prefix;
    const body = this.#body ?? this.#prefix;
    rest = this.#fill(head, PREFIX_BYTES, rest);
    rest = this.#fill(body, PREFIX_BYTES + head.length, rest);
    if (rest.length > 0) throw new Fault("decoder.failed", "The decoder answered out of turn.");
    return this.#at === PREFIX_BYTES + head.length + body.length ? this.#complete(head, body) : undefined;
  }

  /** Copies what of `from` belongs to `part`, which begins at `start` of the message; gives what is left. */
  #fill(part: Uint8Array, start: number, from: Uint8Array): Uint8Array {
    const done = Math.max(0, Math.min(this.#at - start, part.length));
    const count = Math.min(part.length - done, from.length);
    part.set(from.subarray(0, count), done);
    this.#at += count;
    return from.subarray(count);
  }

  #announce(): void {
    const view = new DataView(this.#prefix.buffer);
    const [head, body] = [view.getUint32(0), view.getUint32(4)];
    if (head > MAX_HEAD_BYTES || body > this.#maxBody)
      throw new Fault("decoder.failed", "The decoder answered too much.");
    this.#head = new Uint8Array(head);
    this.#body = new Uint8Array(body);
  }

  #complete(head: Uint8Array, body: Uint8Array): Outcome {
    this.#head = undefined;
    this.#body = undefined;
    this.#at = 0;
    try {
      return { answer: JSON.parse(new TextDecoder().decode(head)) as Answer, body };
    } catch (cause) {
      throw new Fault("decoder.failed", "The decoder answered in no known words.", { cause });
    }
  }
}
