import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import { DataSetStream } from "#platform/dicom/association/data-set-stream.ts";

const nothing = (): void => undefined;

async function collect(stream: DataSetStream): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

test("law: pieces of any size come out as the same bytes, in chunks no smaller than asked for but the last", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      async (pieces, readerFirst) => {
        const stream = new DataSetStream(nothing, 64);
        const reading = readerFirst ? collect(stream) : undefined;
        for (const [index, piece] of pieces.entries()) {
          stream.push(piece, index === pieces.length - 1);
          if (index % 3 === 0) await Promise.resolve();
        }
        const chunks = await (reading ?? collect(stream));
        assert.deepEqual(Buffer.concat(chunks), Buffer.concat(pieces));
        assert.ok(chunks.slice(0, -1).every(({ length }) => length >= 64));
        assert.equal(stream.buffered, 0);
        assert.ok(stream.done);
      },
    ),
  ));

test("what is buffered is counted until it is taken, and each taking is reported", async () => {
  let reliefs = 0;
  const stream = new DataSetStream(() => {
    reliefs += 1;
  }, 10);
  stream.push(new Uint8Array(25), false);
  stream.push(new Uint8Array(5), true);
  assert.equal(stream.buffered, 30);
  const iterator = stream[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value?.length, 25);
  assert.equal(stream.buffered, 5);
  assert.equal(reliefs, 1);
  assert.equal((await iterator.next()).value?.length, 5);
  assert.equal((await iterator.next()).done, true);
});

test("a reader that leaves early frees everything, and the rest is dropped as it comes", async () => {
  const stream = new DataSetStream(nothing, 10);
  stream.push(new Uint8Array(20), false);
  stream.push(new Uint8Array(20), false);
  for await (const _ of stream) break;
  assert.equal(stream.buffered, 0);
  stream.push(new Uint8Array(1000), false);
  assert.equal(stream.buffered, 0);
  stream.push(new Uint8Array(0), true);
  await stream.ended;
});

test("a data set that is cut off ends in the fault, after what had come", async () => {
  const stream = new DataSetStream(nothing, 10);
  stream.push(new Uint8Array(10), false);
  const reading = collect(stream);
  stream.fail(new Fault("request.cancelled", "cut"));
  await assert.rejects(reading, { code: "request.cancelled" });
  await stream.ended;
});

test("one byte at a time does not pile up a piece per byte", async () => {
  const stream = new DataSetStream(nothing);
  for (let index = 0; index < 5000; index += 1) stream.push(Uint8Array.of(index), index === 4999);
  const chunks = await collect(stream);
  assert.equal(chunks.length, 5);
  assert.equal(Buffer.concat(chunks).length, 5000);
});

test("an empty data set is an empty stream", async () => {
  const stream = new DataSetStream(nothing);
  stream.push(new Uint8Array(0), true);
  assert.deepEqual(await collect(stream), []);
});
