import assert from "node:assert/strict";
import { test } from "node:test";
import { Epochs } from "#features/keys/epochs.ts";
import type { Database } from "#platform/postgres/db.ts";

const ANNA = "00000000-0000-7000-8000-00000000000a";
const BEN = "00000000-0000-7000-8000-00000000000b";

/** A table of epochs that says how often it was asked, and answers when it is told to. */
function table() {
  const held = new Map<string, number>();
  const asked: string[][] = [];
  const ask = async (_text: string, [subjects]: readonly unknown[]): Promise<unknown[]> => {
    asked.push(subjects as string[]);
    const rows = [...held].filter(([subject]) => asked.at(-1)?.includes(subject));
    await new Promise((turn) => setImmediate(turn));
    return rows.map(([subject, epoch]) => ({ subject, epoch: String(epoch) }));
  };
  return { held, asked, epochs: new Epochs({ ask } as unknown as Database) };
}

test("without a moment every request asks anew, and those that come at once ask together", async () => {
  const { held, asked, epochs } = table();
  held.set(ANNA, 4);
  assert.deepEqual(await Promise.all([epochs.stamp([ANNA]), epochs.stamp([ANNA, BEN])]), ["4", "4.0"]);
  assert.equal(asked.length, 1);
  held.set(ANNA, 5);
  assert.equal(await epochs.stamp([ANNA]), "5");
  assert.equal(asked.length, 2);
});

test("who comes while a read is under way is not told by it", async () => {
  const { held, epochs } = table();
  held.set(ANNA, 1);
  const before = epochs.stamp([ANNA]);
  await Promise.resolve().then(() => undefined);
  held.set(ANNA, 2);
  assert.equal(await epochs.stamp([ANNA]), "2");
  assert.equal(await before, "1");
});

test("a request that says when it arrived asks once, however often it wants to know", async () => {
  const { held, asked, epochs } = table();
  held.set(ANNA, 1);
  const arrived = performance.now();
  await epochs.stamp([ANNA]);
  assert.equal(await epochs.stamp([ANNA], arrived), "1");
  assert.equal(asked.length, 1);
  assert.equal(await epochs.stamp([ANNA, BEN], arrived), "1.0", "of Ben nothing was read yet");
  assert.equal(asked.length, 2);
});

test("what was read before a request arrived does not count for it", async () => {
  const { held, asked, epochs } = table();
  held.set(ANNA, 1);
  await epochs.stamp([ANNA]);
  held.set(ANNA, 2);
  assert.equal(await epochs.stamp([ANNA], performance.now()), "2");
  assert.equal(asked.length, 2);
});
