import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurns, result } from "./turns.ts";

/** In which turn of the event loop each of `count` steps is made. */
function watched(count: number) {
  const madeIn: number[] = [];
  let turn = 0;
  let going = true;
  const next = (): void => {
    turn += 1;
    if (going) setImmediate(next);
  };
  setImmediate(next);
  function* steps(): Generator<number, string, undefined> {
    for (let at = 0; at < count; at++) {
      madeIn.push(turn);
      yield at;
    }
    going = false;
    return "the end";
  }
  return { steps: steps(), madeIn };
}

test("between two that a generator yields, the event loop turns", async () => {
  const { steps, madeIn } = watched(20);
  assert.deepEqual(
    await Array.fromAsync(inTurns(steps)),
    Array.from({ length: 20 }).map((_, at) => at),
  );
  assert.ok(new Set(madeIn).size >= 19, madeIn.join(" ")); // the watch begins within the first
});

test("a generator that is run for its result lets the event loop turn at each yield", async () => {
  const { steps, madeIn } = watched(20);
  assert.equal(await result(steps), "the end");
  assert.ok(new Set(madeIn).size >= 19, madeIn.join(" ")); // the watch begins within the first
});
