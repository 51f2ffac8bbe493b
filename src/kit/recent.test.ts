import assert from "node:assert/strict";
import { test } from "node:test";
import { Recent } from "./recent.ts";

test("the entry that was not asked for the longest goes first", () => {
  const recent = new Recent<number>({ room: 3 });
  for (const [at, name] of ["a", "b", "c"].entries()) recent.set(name, at);
  assert.equal(recent.get("a"), 0);
  recent.set("d", 3);
  assert.equal(recent.get("b"), undefined);
  assert.deepEqual(
    ["a", "c", "d"].map((name) => recent.get(name)),
    [0, 2, 3],
  );
  assert.equal(recent.size, 3);
});

test("an entry that is set again counts once", () => {
  const recent = new Recent<string>({ room: 2 });
  for (const value of ["old", "newer", "newest"]) recent.set("a", value);
  recent.set("b", "other");
  assert.equal(recent.get("a"), "newest");
  assert.equal(recent.size, 2);
});

test("weights add up to no more than the room, and what is heavier than it is not kept", () => {
  const recent = new Recent<string>({ room: 10, weigh: (text) => text.length });
  recent.set("a", "1234");
  recent.set("b", "123456");
  recent.set("c", "1");
  assert.equal(recent.get("a"), undefined);
  recent.set("huge", "12345678901");
  assert.equal(recent.get("huge"), undefined);
  assert.equal(recent.get("b"), "123456");
  recent.delete("b");
  recent.set("d", "123456789");
  assert.equal(recent.get("c"), "1");
});

test("what is too old is forgotten, asked for or not, and use does not prolong it", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const recent = new Recent<string>({ room: 10, age: 60_000 });
  recent.set("a", "asked for");
  recent.set("b", "left alone");
  t.mock.timers.tick(59_000);
  assert.equal(recent.get("a"), "asked for");
  recent.set("c", "younger");
  t.mock.timers.tick(1_000);
  assert.equal(recent.get("a"), undefined);
  t.mock.timers.tick(1_000);
  assert.equal(recent.size, 1);
  assert.equal(recent.get("c"), "younger");
});
