import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { boundaryOf, closing, partHead, readMultipart } from "#standards/dicomweb/multipart.ts";

function write(boundary: string, parts: readonly Uint8Array[]): Buffer {
  const pieces = parts.flatMap((part, at) => [
    partHead(boundary, { "Content-Type": "application/dicom" }, at === 0),
    Buffer.from(part),
  ]);
  return Buffer.concat([...pieces, closing(boundary, parts.length === 0)]);
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(source: AsyncIterable<Uint8Array>, boundary: string): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  for await (const part of readMultipart(source, boundary)) {
    const pieces: Buffer[] = [];
    for await (const piece of part.body) pieces.push(Buffer.from(piece));
    bodies.push(Buffer.concat(pieces));
  }
  return bodies;
}

test("RFC 2046 §5.1: what is written is read again, however it is cut", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 97 }),
      async (parts, size) => {
        const bodies = await read(cut(write("b0undary", parts), size), "b0undary");
        assert.deepEqual(
          bodies.map((body) => [...body]),
          parts.map((part) => [...part]),
        );
      },
    ),
    { numRuns: 200 },
  ));

test("a body that contains something like the delimiter is not cut there", async () => {
  const tricky = Buffer.from("\r\n--b0undar\r\n--b0undarX");
  assert.deepEqual(await read(cut(write("b0undary", [tricky]), 3), "b0undary"), [tricky]);
});

test("a part whose reader stops early is skipped to the next", async () => {
  const seen: string[] = [];
  for await (const part of readMultipart(cut(write("b", [Buffer.alloc(500, 1), Buffer.from("second")]), 50), "b")) {
    for await (const piece of part.body) {
      seen.push(piece.subarray(0, 6).toString());
      break;
    }
  }
  assert.equal(seen.length, 2);
  assert.equal(seen[1], "second");
});

for (const [name, body] of [
  ["no last boundary", "--b\r\n\r\n\r\nabc"],
  ["an end within headers", "--b\r\nContent-Type: x"],
  ["a header without colon", "--b\r\nnonsense\r\n\r\nx\r\n--b--"],
  ["no boundary at all", "hello"],
] as const) {
  test(`a multipart body with ${name} is refused`, async () => {
    await assert.rejects(read(cut(Buffer.from(body), 4), "b"), { code: "input.invalid" });
  });
}

test("RFC 2046 §5.1.1: a boundary is quoted or not, and bounded", () => {
  assert.equal(boundaryOf('multipart/related; type="application/dicom"; boundary="a b"'), "a b");
  assert.equal(boundaryOf("multipart/related; boundary=abc"), "abc");
  assert.throws(() => boundaryOf("multipart/related"), { code: "input.invalid" });
  assert.equal(boundaryOf(`multipart/related; boundary=${"x".repeat(73)}`).length, 73, "as Orthanc sends it");
  assert.throws(() => boundaryOf(`multipart/related; boundary=${"x".repeat(201)}`), { code: "input.invalid" });
  assert.throws(() => boundaryOf('multipart/related; boundary="a\u0001b"'), { code: "input.invalid" });
});
