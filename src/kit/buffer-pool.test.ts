import assert from "node:assert/strict";
import { test } from "node:test";
import { BufferPool } from "./buffer-pool.ts";

test("a buffer that was given back is used again, by one taker at a time", () => {
  const pool = new BufferPool({ bytes: 100, most: 2 });
  const first = pool.take(60);
  assert.equal(first.length, 100);
  pool.give(first);
  const again = pool.take(100);
  assert.equal(again, first);
  assert.notEqual(pool.take(10), first);
});

test("what is larger than the pool's buffers is not kept, nor more of them than are wanted", () => {
  const pool = new BufferPool({ bytes: 100, most: 1 });
  const large = pool.take(101);
  assert.equal(large.length, 101);
  pool.give(large);
  const [first, second] = [pool.take(1), pool.take(1)];
  assert.notEqual(first, large);
  pool.give(first);
  pool.give(second);
  assert.equal(pool.take(1), first);
  assert.notEqual(pool.take(1), second);
});
