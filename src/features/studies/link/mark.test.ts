import assert from "node:assert/strict";
import { test } from "node:test";
import { type Marked, markOf } from "#features/studies/link/mark.ts";
import { Hidden } from "#kit/hidden.ts";

const pepper = new Hidden(new Uint8Array(32).fill(7));
const link = { id: "01a20c27-6b05-796a-95a4-3b06e091f003", recipient: "Dr B. Fourie" };
const now = new Date("2026-11-24T23:30:00Z");
const frame: Marked = { instance: "i", frame: 1, window: "brain" };
const mark = (change: Partial<Marked> = {}, session = "s", of = link, key = pepper) =>
  markOf({ pepper: key }, { link: of, session }, { ...frame, ...change }, now);

test("the mark says whose copy it is, the day, and the end of the link's identifier", () => {
  assert.deepEqual(mark().lines, ["Dr B. Fourie · 2026-11-24 · e091f003"]);
});

test("the same session asking again gets the same mark", () => {
  assert.deepEqual(mark(), mark());
  assert.deepEqual([mark().place.length, mark().grain.length], [32, 32]);
});

test("another window or session moves no letter, but shines through and is noised otherwise", () => {
  for (const other of [mark({ window: "soft" }), mark({}, "another session")]) {
    assert.deepEqual(other.place, mark().place);
    assert.notDeepEqual(other.grain, mark().grain);
  }
});

test("another frame, instance, link or server has a mark at other places", () => {
  for (const other of [
    mark({ frame: 2 }),
    mark({ instance: "j" }),
    mark({}, "s", { ...link, id: "01a20c27-6b05-796a-95a4-3b06e091f004" }),
    mark({}, "s", link, new Hidden(new Uint8Array(32).fill(8))),
  ]) {
    assert.notDeepEqual(other.place, mark().place);
    assert.notDeepEqual(other.grain, mark().grain);
  }
});
