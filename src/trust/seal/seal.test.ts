import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { CHUNK_BYTES, HEADER_BYTES, plainSize, SEALED_CHUNK_BYTES, type SealKey, sealedSize } from "./layout.ts";
import { openBytes, openSealed } from "./opener.ts";
import { checkWhole, openRange, readRange, type SealedSource } from "./range.ts";
import { Sealer, sealBytes, sealStream } from "./sealer.ts";

const newKey = (): SealKey => ({ key: new Hidden(randomBytes(32)), objectId: randomUUID() });
const broken = (error: unknown) => error instanceof Fault && error.code === "seal.broken";
const sourceOf = (key: SealKey, sealed: Buffer): SealedSource => ({
  ...key,
  sealedBytes: sealed.length,
  readAt: async (offset, length) => sealed.subarray(offset, offset + length),
});
const sizes = [0, 1, 15, 16, 17, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 77];
const anySize = fc.oneof(fc.constantFrom(...sizes), fc.integer({ min: 0, max: 300_000 }));

/** Cuts bytes into pieces of the given lengths, again and again, until nothing is left. */
function cut(bytes: Buffer, lengths: number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

test("what is sealed in pieces of any size opens to the same bytes from pieces of any size", async () => {
  const lengths = fc.array(fc.integer({ min: 1000, max: 200_000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(anySize, lengths, lengths, async (size, inLengths, outLengths) => {
      const key = newKey();
      const plain = randomBytes(size);
      const sealer = new Sealer(key);
      const sealed = Buffer.concat([...cut(plain, inLengths).flatMap((p) => sealer.update(p)), ...sealer.final()]);
      assert.equal(sealed.length, sealedSize(size));
      assert.equal(plainSize(sealed.length), size);
      assert.ok(sealed.equals(sealBytes(key, plain)), "pieces do not change the sealed object");
      const opened = await Array.fromAsync(openSealed(cut(sealed, outLengths), key));
      assert.ok(Buffer.concat(opened).equals(plain));
    }),
    { numRuns: 60 },
  );
});

test("an object opens when it comes byte by byte, and its input buffer may be reused", async () => {
  const key = newKey();
  const plain = randomBytes(500);
  const sealer = new Sealer(key);
  const reused = Buffer.alloc(1);
  const out: Buffer[] = [];
  for (const byte of plain) {
    reused[0] = byte;
    out.push(...sealer.update(reused));
  }
  const sealed = Buffer.concat([...out, ...sealer.final()]);
  assert.ok(Buffer.concat(await Array.fromAsync(openSealed(cut(sealed, [1]), key))).equals(plain));
});

test("a changed bit anywhere in a sealed object is found", () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 100, CHUNK_BYTES, CHUNK_BYTES + 50), fc.nat(), fc.nat(7), (size, where, bit) => {
      const key = newKey();
      const sealed = sealBytes(key, randomBytes(size));
      const at = where % sealed.length;
      sealed[at] = (sealed[at] ?? 0) ^ (1 << bit);
      assert.throws(() => openBytes(key, sealed), broken);
    }),
    { numRuns: 300 },
  );
});

test("every single byte of a small sealed object is covered", () => {
  const key = newKey();
  const sealed = sealBytes(key, randomBytes(40));
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => openBytes(key, changed), broken, `byte ${at}`);
  }
});

test("a sealed object cut at any chunk boundary, or one byte beside it, does not open", () => {
  const key = newKey();
  const sealed = sealBytes(key, randomBytes(3 * CHUNK_BYTES + 500));
  const boundaries = [0, 8, HEADER_BYTES];
  for (let at = HEADER_BYTES; at < sealed.length; at += SEALED_CHUNK_BYTES) boundaries.push(at, at + 16, at + 32);
  boundaries.push(sealed.length - 16, sealed.length - 32);
  for (const boundary of boundaries) {
    for (const end of [boundary - 1, boundary, boundary + 1]) {
      if (end < 0 || end >= sealed.length) continue;
      assert.throws(() => openBytes(key, sealed.subarray(0, end)), broken, `cut at ${end}`);
    }
  }
});

test("a whole object cut to fewer chunks does not open even with a tag taken from elsewhere", () => {
  const key = newKey();
  const sealed = sealBytes(key, randomBytes(2 * CHUNK_BYTES));
  const closing = sealed.subarray(-16);
  const cutBack = Buffer.concat([sealed.subarray(0, HEADER_BYTES + SEALED_CHUNK_BYTES), closing]);
  assert.throws(() => openBytes(key, cutBack), broken);
});

test("extension, duplication, reordering and swapping of chunks are found", () => {
  const key = newKey();
  const plain = randomBytes(3 * CHUNK_BYTES);
  const sealed = sealBytes(key, plain);
  const header = sealed.subarray(0, HEADER_BYTES);
  const [a, b, c] = [0, 1, 2].map((i) =>
    sealed.subarray(HEADER_BYTES + i * SEALED_CHUNK_BYTES, HEADER_BYTES + (i + 1) * SEALED_CHUNK_BYTES),
  ) as [Buffer, Buffer, Buffer];
  const end = sealed.subarray(-16);
  const other = sealBytes({ ...key, objectId: randomUUID() }, plain);
  const otherB = other.subarray(HEADER_BYTES + SEALED_CHUNK_BYTES, HEADER_BYTES + 2 * SEALED_CHUNK_BYTES);
  assert.ok(openBytes(key, Buffer.concat([header, a, b, c, end])).equals(plain));
  const forgeries = {
    "one byte more": [header, a, b, c, end, Buffer.of(0)],
    "a closing tag more": [header, a, b, c, end, end],
    "a chunk twice": [header, a, b, c, c, end],
    "a chunk twice in front": [header, a, a, b, c, end],
    "two chunks exchanged": [header, b, a, c, end],
    "a chunk left out": [header, a, c, end],
    "the first chunk left out": [header, b, c, end],
    "a chunk of another object under the same key": [header, a, otherB, c, end],
    "another object's header": [other.subarray(0, HEADER_BYTES), a, b, c, end],
  };
  for (const [name, parts] of Object.entries(forgeries)) {
    assert.throws(() => openBytes(key, Buffer.concat(parts)), broken, name);
  }
});

test("another key or another object id opens nothing, and the message says which it was", () => {
  const key = newKey();
  const sealed = sealBytes(key, Buffer.from("x"));
  assert.throws(() => openBytes({ ...key, key: new Hidden(randomBytes(32)) }, sealed), /another key/);
  assert.throws(() => openBytes({ ...key, objectId: randomUUID() }, sealed), /another one/);
});

test("any range equals the slice of the plain text, and only the chunks it touches are read", async () => {
  const key = newKey();
  const plain = randomBytes(40 * CHUNK_BYTES + 1234);
  const sealed = sealBytes(key, plain);
  await fc.assert(
    fc.asyncProperty(fc.nat(plain.length), fc.nat(plain.length), async (x, y) => {
      const [start, end] = x < y ? [x, y] : [y, x];
      let read = 0;
      const source = sourceOf(key, sealed);
      const counting: SealedSource = {
        ...source,
        readAt: (offset, length, into) => {
          read += length;
          return source.readAt(offset, length, into);
        },
      };
      assert.ok((await readRange(counting, start, end)).equals(plain.subarray(start, end)));
      const touched = start === end ? 0 : Math.ceil(end / CHUNK_BYTES) - Math.floor(start / CHUNK_BYTES);
      assert.ok(read <= touched * SEALED_CHUNK_BYTES + HEADER_BYTES);
    }),
    { numRuns: 80 },
  );
});

test("a range outside the object is refused, an empty one is empty", async () => {
  const key = newKey();
  const source = sourceOf(key, sealBytes(key, randomBytes(100)));
  for (const [start, end] of [
    [-1, 5],
    [5, 4],
    [0, 101],
    [0.5, 3],
    [0, Number.NaN],
  ] as const) {
    await assert.rejects(readRange(source, start, end), { code: "input.invalid" });
  }
  assert.equal((await readRange(source, 100, 100)).length, 0);
});

test("a damaged chunk breaks the ranges that touch it and no other", async () => {
  const key = newKey();
  const plain = randomBytes(3 * CHUNK_BYTES);
  const sealed = sealBytes(key, plain);
  const at = HEADER_BYTES + SEALED_CHUNK_BYTES + 5;
  sealed[at] = (sealed[at] ?? 0) ^ 1;
  const source = sourceOf(key, sealed);
  assert.ok((await readRange(source, 0, CHUNK_BYTES)).equals(plain.subarray(0, CHUNK_BYTES)));
  assert.ok((await readRange(source, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES)).equals(plain.subarray(2 * CHUNK_BYTES)));
  await assert.rejects(Array.fromAsync(openRange(source, CHUNK_BYTES - 1, CHUNK_BYTES + 1)), broken);
});

test("the length is proven without reading the object: a store that gives fewer bytes is found", async () => {
  const key = newKey();
  const sealed = sealBytes(key, randomBytes(2 * CHUNK_BYTES));
  await checkWhole(sourceOf(key, sealed));
  const shorter = sealed.subarray(0, HEADER_BYTES + SEALED_CHUNK_BYTES + 16);
  await assert.rejects(checkWhole(sourceOf(key, shorter)), broken);
  await assert.rejects(checkWhole({ ...sourceOf(key, shorter), sealedBytes: sealed.length }), broken);
  const cutInside = { ...sourceOf(key, sealed.subarray(0, 1000)), sealedBytes: sealed.length };
  await assert.rejects(readRange(cutInside, 0, 10), broken);
});

test("plain and sealed sizes are each other's inverse, and sizes that no object has are refused", () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (size) => assert.equal(plainSize(sealedSize(size)), size)));
  for (const size of [-1, 0, 79, 81, 96, 64.5, Number.NaN, HEADER_BYTES + 2 * SEALED_CHUNK_BYTES + 17]) {
    assert.throws(() => plainSize(size), broken, String(size));
  }
});

test("a stream seals with back-pressure what a pipeline gives it", async () => {
  const key = newKey();
  const plain = randomBytes(700_001);
  const out: Buffer[] = [];
  await pipeline(Readable.from(cut(plain, [50_000])), sealStream(key), async (sealed) => {
    for await (const piece of sealed) out.push(piece as Buffer);
  });
  assert.ok(openBytes(key, Buffer.concat(out)).equals(plain));
});

test("a sealer ends once, and refuses keys and ids that are none", () => {
  const sealer = new Sealer(newKey());
  sealer.final();
  assert.throws(() => sealer.final(), { code: "internal" });
  assert.throws(() => sealer.update(Buffer.alloc(1)), { code: "internal" });
  assert.throws(() => new Sealer({ ...newKey(), objectId: "../etc" }), { code: "input.invalid" });
  assert.throws(() => new Sealer({ ...newKey(), key: new Hidden(randomBytes(16)) }), { code: "input.invalid" });
});
