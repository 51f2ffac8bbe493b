import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Pdu, writePdu } from "#standards/dimse/pdu.ts";
import { type PduPart, PduStream } from "#standards/dimse/pdu-stream.ts";

const LIMITS = { maxDataPdu: 4096, maxOtherPdu: 1024 };
const ABORT: Pdu = { type: "A-ABORT", source: 2, reason: 6 };
const RELEASE: Pdu = { type: "A-RELEASE-RQ" };

function feed(chunks: readonly Uint8Array[], limits = LIMITS): PduPart[] {
  const stream = new PduStream(limits);
  return chunks.flatMap((chunk) => [...stream.feed(chunk)]);
}

/** Byte by byte, so that chunkings can be compared. */
function unrolled(parts: readonly PduPart[]): unknown[] {
  return parts.flatMap((part): unknown[] => {
    if (part.is !== "fragment") return [part];
    const { context, kind, last, bytes } = part.fragment;
    return [...Array.from(bytes, (byte) => `${context} ${kind} ${byte}`), ...(last ? ["last"] : [])];
  });
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const value = fc.record({
  context: fc.constantFrom(1, 3),
  kind: fc.constantFrom("command" as const, "data-set" as const),
  last: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 200 }),
});
const pdus = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("P-DATA-TF" as const), values: fc.array(value, { minLength: 1, maxLength: 4 }) }),
    fc.constantFrom(ABORT, RELEASE),
  ),
  { minLength: 1, maxLength: 6 },
);
const places = fc.array(fc.nat(5000), { maxLength: 20 });

test("law: whole, byte by byte or cut anywhere, the same PDUs come out", () =>
  fc.assert(
    fc.property(pdus, places, (all, at) => {
      const bytes = Buffer.concat(all.map(writePdu));
      const whole = unrolled(feed([bytes]));
      assert.deepEqual(unrolled(feed(cut(bytes, at))), whole);
      assert.deepEqual(unrolled(feed([...bytes].map((byte) => Uint8Array.of(byte)))), whole);
    }),
  ));

test("law: any bytes in any chunking throw nothing, and nothing comes after an invalid PDU", () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), places, (bytes, at) => {
      const parts = feed(cut(bytes, at));
      const invalid = parts.findIndex((part) => part.is === "invalid");
      assert.ok(invalid === -1 || invalid === parts.length - 1);
    }),
    { numRuns: 2000 },
  ));

test("law: a changed byte in valid PDUs throws nothing", () =>
  fc.assert(
    fc.property(pdus, fc.nat(), fc.nat(255), places, (all, where, byte, at) => {
      const bytes = Buffer.concat(all.map(writePdu));
      bytes[where % bytes.length] = byte;
      feed(cut(bytes, at));
    }),
    { numRuns: 1000 },
  ));

test("a PDU longer than its limit is invalid (reason 6) at its header, before any of its body came", () => {
  for (const [type, length] of [
    [4, 4097],
    [4, 0xffffffff],
    [1, 1025],
    [1, 0xffffffff],
  ] as const) {
    const header = Buffer.alloc(6);
    header.writeUInt8(type, 0);
    header.writeUInt32BE(length, 2);
    const [part, ...others] = feed([header]);
    assert.ok(part?.is === "invalid" && part.reason === 6);
    assert.deepEqual(others, []);
  }
});

test("a PDU type that nobody knows is unrecognized (reason 1), at its header", () => {
  const [part] = feed([Buffer.from("470000000010", "hex")]);
  assert.ok(part?.is === "invalid" && part.reason === 1);
});

test("a declared length is not allocated: a thousand headers that announce 256 MiB each cost next to nothing", () => {
  const header = Buffer.from("0100000003ff", "hex"); // 1023 bytes announced, none sent
  const before = process.memoryUsage().arrayBuffers;
  const streams = Array.from({ length: 1000 }, () => new PduStream({ maxDataPdu: 2 ** 20, maxOtherPdu: 2 ** 28 }));
  const huge = Buffer.from("01000fffffff", "hex");
  for (const stream of streams) assert.deepEqual([...stream.feed(huge)], []);
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 2 ** 20);
  assert.deepEqual(feed([header]), []);
});

for (const [what, hex] of [
  ["without a value", "040000000000"],
  ["with a value shorter than its own header", "04000000000600000001" + "0103"],
  ["with a value longer than the PDU", "04000000000600000003" + "0103"],
  ["with a rest too short for another value", "04000000000a00000002" + "010300000000"],
] as const) {
  test(`a P-DATA-TF ${what} is invalid (reason 6)`, () => {
    const parts = feed([Buffer.from(hex, "hex")]);
    const last = parts.at(-1);
    assert.ok(last?.is === "invalid" && last.reason === 6);
  });
}

test("an empty last value still ends its message", () => {
  assert.deepEqual(feed([Buffer.from("0400000000060000000201" + "02", "hex")]), [
    { is: "fragment", fragment: { context: 1, kind: "data-set", last: true, bytes: new Uint8Array(0) } },
  ]);
});

test("values are views of what was fed: nothing is copied", () => {
  const bytes = writePdu({
    type: "P-DATA-TF",
    values: [{ context: 1, kind: "data-set", last: true, bytes: new Uint8Array(100) }],
  });
  const [part] = feed([bytes]);
  assert.ok(part?.is === "fragment" && part.fragment.bytes.buffer === bytes.buffer);
});
