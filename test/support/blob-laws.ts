import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Fault } from "#kit/fault.ts";
import { type BlobName, type Blobs, newBlobName } from "#platform/blobs/blobs.ts";

/** What every store of sealed objects must keep, whichever it is. `open` gives a store that has nothing of this call's in it. */
export function blobLaws(kind: string, open: () => Promise<Blobs>): void {
  const put = async (blobs: Blobs, bytes: Uint8Array, name = newBlobName()): Promise<BlobName> => {
    const writer = await blobs.create(name);
    for (let at = 0; at < bytes.length; at += 70_000)
      await writer.write([bytes.subarray(at, at + 30_000), bytes.subarray(at + 30_000, at + 70_000)]);
    await writer.commit();
    return name;
  };
  const all = async (pieces: AsyncIterable<Buffer>): Promise<Buffer> => Buffer.concat(await Array.fromAsync(pieces));

  void test(`${kind}: what was committed is read back, whole and in any part`, async () => {
    const blobs = await open();
    for (const size of [0, 1, 65_536, 3_000_001]) {
      const bytes = randomBytes(size);
      const name = await put(blobs, bytes);
      assert.equal(await blobs.size(name), size);
      assert.ok((await all(blobs.readRange(name, 0, size))).equals(bytes));
      assert.ok((await all(blobs.readRange(name, 100, 2_000_000))).equals(bytes.subarray(100, 2_000_000)));
      for (const [offset, length] of [
        [0, 10],
        [size - 5, 10],
        [size, 10],
        [size + 1, 10],
        [17, 0],
      ] as const) {
        if (offset < 0) continue;
        assert.ok(
          (await blobs.readAt(name, offset, length)).equals(bytes.subarray(offset, offset + length)),
          `${size}: ${offset}+${length}`,
        );
      }
    }
    await blobs.close();
  });

  void test(`${kind}: before its commit an object is not there, and never after it was given up`, async () => {
    const blobs = await open();
    const name = newBlobName();
    const writer = await blobs.create(name);
    await writer.write([randomBytes(100)]);
    assert.equal(await blobs.size(name), undefined);
    assert.deepEqual(await Array.fromAsync(blobs.list()), []);
    await writer.abort();
    await writer.abort();
    assert.equal(await blobs.size(name), undefined);
    await assert.rejects(writer.commit(), Fault);
    await blobs.close();
  });

  void test(`${kind}: a missing object is storage.missing`, async () => {
    const blobs = await open();
    await assert.rejects(
      blobs.readAt(newBlobName(), 0, 1),
      (error) => error instanceof Fault && error.code === "storage.missing",
    );
    await assert.rejects(
      all(blobs.readRange(newBlobName(), 0, 1)),
      (error) => error instanceof Fault && error.code === "storage.missing",
    );
    await blobs.remove(newBlobName());
    await blobs.close();
  });

  void test(`${kind}: a removed object is gone, also for who had just read it`, async () => {
    const blobs = await open();
    const name = await put(blobs, randomBytes(1000));
    await blobs.readAt(name, 0, 10);
    await blobs.remove(name);
    assert.equal(await blobs.size(name), undefined);
    await assert.rejects(
      blobs.readAt(name, 0, 10),
      (error) => error instanceof Fault && error.code === "storage.missing",
    );
    await blobs.close();
  });

  void test(`${kind}: the list is every object, oldest first`, async () => {
    const blobs = await open();
    const names = [5, 1, 300_000, 70_000, 900_000_000].map((age) => newBlobName(Date.now() - age));
    for (const name of names) await put(blobs, randomBytes(3), name);
    assert.deepEqual(await Array.fromAsync(blobs.list()), names.toSorted());
    await blobs.close();
  });

  void test(`${kind}: names that we did not make are refused by every function`, async () => {
    const blobs = await open();
    for (const evil of [
      "../../etc/passwd",
      "",
      "a".repeat(33),
      "A".repeat(32),
      `${"a".repeat(31)}/`,
      `${"a".repeat(31)}\n`,
      `${"a".repeat(31)}\0`,
    ]) {
      const name = evil as BlobName;
      for (const use of [
        () => blobs.create(name),
        () => blobs.readAt(name, 0, 1),
        () => all(blobs.readRange(name, 0, 1)),
        () => blobs.size(name),
        () => blobs.remove(name),
      ]) {
        await assert.rejects(use, (error) => error instanceof Fault && error.code === "internal", JSON.stringify(evil));
      }
    }
    await blobs.close();
  });

  void test(`${kind}: two objects of one name cannot be: the second writer is refused, the first object stays`, async () => {
    const blobs = await open();
    const name = await put(blobs, Buffer.from("first"));
    await assert.rejects(put(blobs, Buffer.from("second"), name), Fault);
    assert.equal((await blobs.readAt(name, 0, 10)).toString(), "first");
    await blobs.close();
  });

  void test(`${kind}: sixty objects at once, sixty objects there`, async () => {
    const blobs = await open();
    const bodies = Array.from({ length: 60 }, () => randomBytes(20_000));
    const names = await Promise.all(bodies.map((body) => put(blobs, body)));
    const read = await Promise.all(names.map((name) => blobs.readAt(name, 0, 30_000)));
    assert.ok(read.every((bytes, at) => bytes.equals(bodies[at] ?? Buffer.of())));
    await blobs.close();
  });

  void test(`${kind}: it says how much room there is, or that it cannot say`, async () => {
    const blobs = await open();
    const free = await blobs.freeBytes();
    assert.ok(free === undefined || free > 0);
    await blobs.close();
  });
}
