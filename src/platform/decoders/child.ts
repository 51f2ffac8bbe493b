import { readSync, writeSync } from "node:fs";
import { deserialize } from "node:v8";
import { Fault } from "#kit/fault.ts";
import { type Answer, PREFIX_BYTES, prefix, type Request } from "#platform/decoders/wire.ts";
import { perform } from "#platform/decoders/work.ts";

/**
 * The decoder child: requests on descriptor 3, answers on descriptor 4, one after another, until descriptor 3 ends. It is
 * started without environment, network, writing or other programs; whatever goes wrong in a codec stays here.
 */
const REQUESTS = 3;
const ANSWERS = 4;

say({ is: "ready" }, new Uint8Array());
for (let request = read(); request !== undefined; request = read()) {
  const { answer, body } = await perform(request).catch(failed);
  say(answer, body);
}

function say(answer: Answer, body: Uint8Array): void {
  const head = Buffer.from(JSON.stringify(answer));
  write(prefix(head.length, body.length));
  write(head);
  write(body);
}

function failed(thrown: unknown): { answer: Answer; body: Uint8Array } {
  const nothing = new Uint8Array();
  if (thrown instanceof Fault)
    return { answer: { is: "fault", code: thrown.code, message: thrown.message, place: thrown.place }, body: nothing };
  return { answer: { is: "fault", code: "decoder.failed", message: "The frame cannot be decoded." }, body: nothing };
}

function read(): Request | undefined {
  const lengths = readExactly(PREFIX_BYTES);
  if (lengths === undefined) return undefined;
  const view = new DataView(lengths.buffer, lengths.byteOffset);
  const head = readExactly(view.getUint32(0));
  const frame = readExactly(view.getUint32(4));
  if (head === undefined || frame === undefined) return undefined;
  return { ...(deserialize(head) as Omit<Request, "frame">), frame } as Request;
}

function readExactly(length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = readSync(REQUESTS, bytes, at, length - at, null);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(ANSWERS, bytes, at);
}
