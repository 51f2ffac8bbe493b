import { randomUUID } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import { parseMediaType } from "#standards/dicomweb/media-types.ts";

/** multipart/related (RFC 2387, RFC 2046 §5.1), streamed both ways. */

const CRLF = "\r\n";
const LONGEST_PART_HEADER = 16_384;
const MOST_PARTS = 100_000;

export function newBoundary(): string {
  return `sl-${randomUUID()}`;
}

/** What stands before a part: delimiter and headers. */
export function partHead(boundary: string, headers: Readonly<Record<string, string>>, first: boolean): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, " ")}`);
  return Buffer.from(`${first ? "" : CRLF}--${boundary}${CRLF}${lines.join(CRLF)}${CRLF}${CRLF}`, "latin1");
}

export function closing(boundary: string, empty: boolean): Buffer {
  return Buffer.from(`${empty ? "" : CRLF}--${boundary}--${CRLF}`, "latin1");
}

/** RFC 2046 §5.1.1 allows 70 characters; Orthanc sends 73. */
const LONGEST_BOUNDARY = 200;

/** The boundary a Content-Type names. @throws Fault input.invalid when it is missing or has characters that RFC 2046 does not know */
export function boundaryOf(contentType: string): string {
  const boundary = parseMediaType(contentType)?.parameters.get("boundary");
  if (boundary === undefined || boundary.length > LONGEST_BOUNDARY || !/^[0-9A-Za-z'()+_,./:=? -]+$/.test(boundary)) {
    throw new Fault("input.invalid", "Content-Type names no usable multipart boundary.", { place: "Content-Type" });
  }
  return boundary;
}

/** One part: its headers by lower-case name, and its bytes. The body must be read (or left) before the next part comes. */
export type Part = { readonly headers: ReadonlyMap<string, string>; readonly body: AsyncIterable<Buffer> };

/**
 * Splits a body into its parts without keeping them: memory is one chunk and one delimiter. Left-over bytes of a part that its
 * reader gave up on are skipped. @throws Fault input.invalid that says where the multipart grammar breaks
 */
export async function* readMultipart(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part, void, undefined> {
  const scanner = new Scanner(source, Buffer.from(`${CRLF}--${boundary}`, "latin1"));
  await scanner.preamble();
  for (let part = 0; !(await scanner.atEnd()); part++) {
    if (part >= MOST_PARTS) throw new Fault("input.too-large", `A request takes at most ${MOST_PARTS} parts.`);
    const headers = parseHeaders(await scanner.headerBlock());
    yield { headers, body: scanner.body() };
    await scanner.skipBody();
  }
}

function parseHeaders(block: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of block.split(CRLF)) {
    if (line === "") continue;
    const at = line.indexOf(":");
    if (at <= 0)
      throw new Fault("input.invalid", "A part's header line has no colon.", { place: "multipart part header" });
    headers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  return headers;
}

class Scanner {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #delimiter: Buffer;
  #kept: Buffer = Buffer.from(CRLF, "latin1"); // so that a delimiter at the very start is found like any other
  #ended = false;
  #inBody = false;

  constructor(source: AsyncIterable<Uint8Array>, delimiter: Buffer) {
    this.#source = source[Symbol.asyncIterator]();
    this.#delimiter = delimiter;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#source.next();
    if (next.done) {
      this.#ended = true;
      return false;
    }
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#kept = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    return true;
  }

  async preamble(): Promise<void> {
    for await (const _ of this.#until()) void _;
  }

  /** After a delimiter: "--" ends the body, CRLF begins the next part. */
  async atEnd(): Promise<boolean> {
    while (this.#kept.length < 2) if (!(await this.#more())) throw broken("it ends in the middle of a delimiter");
    if (this.#kept[0] === 0x2d && this.#kept[1] === 0x2d) return true;
    for (;;) {
      const at = this.#kept.indexOf(CRLF);
      if (at >= 0) {
        if (!/^[ \t]*$/.test(this.#kept.subarray(0, at).toString("latin1")))
          throw broken("something follows a boundary on its line");
        this.#kept = this.#kept.subarray(at); // keeps CRLF: an empty header block is CRLF CRLF then
        return false;
      }
      if (this.#kept.length > 256 || !(await this.#more())) throw broken("a boundary's line does not end");
    }
  }

  async headerBlock(): Promise<string> {
    for (;;) {
      const at = this.#kept.indexOf(`${CRLF}${CRLF}`);
      if (at >= 0 && at <= LONGEST_PART_HEADER) {
        const block = this.#kept.subarray(0, at).toString("latin1");
        this.#kept = this.#kept.subarray(at + 2); // the second CRLF stays in front of the body: a body may be empty
        this.#kept = this.#kept.subarray(2);
        this.#inBody = true;
        return block;
      }
      if (this.#kept.length > LONGEST_PART_HEADER) throw new Fault("input.too-large", "A part's headers are too long.");
      if (!(await this.#more())) throw broken("it ends within a part's headers");
    }
  }

  async *body(): AsyncGenerator<Buffer, void, undefined> {
    yield* this.#until();
  }

  async skipBody(): Promise<void> {
    if (!this.#inBody) return;
    for await (const _ of this.#until()) void _;
  }

  /** Yields what stands before the next delimiter and steps behind it. */
  async *#until(): AsyncGenerator<Buffer, void, undefined> {
    const keep = this.#delimiter.length - 1;
    for (;;) {
      const at = this.#kept.indexOf(this.#delimiter);
      if (at >= 0) {
        const before = this.#kept.subarray(0, at);
        this.#kept = this.#kept.subarray(at + this.#delimiter.length);
        this.#inBody = false; // before the yield: a reader may leave there
        if (before.length > 0) yield before;
        return;
      }
      const ready = this.#kept.length - keep;
      if (ready > 0) {
        const piece = this.#kept.subarray(0, ready);
        this.#kept = this.#kept.subarray(ready);
        yield piece;
      }
      if (!(await this.#more())) throw broken("its last boundary is missing");
    }
  }
}

function broken(how: string): Fault {
  return new Fault("input.invalid", `The multipart body is broken: ${how}.`, { place: "multipart body" });
}
