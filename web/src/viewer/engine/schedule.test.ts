import assert from "node:assert/strict";
import { test } from "node:test";
import { Schedule } from "./schedule.ts";

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("what matters most at the moment a place is free goes first, also when it changed its mind meanwhile", async () => {
  let focus = 0;
  const done: number[] = [];
  const open: (() => void)[] = [];
  const schedule = new Schedule<number>((key) => Math.abs(key - focus), 1);
  for (const key of [0, 1, 2, 50]) {
    schedule.add(key, () => {
      done.push(key);
      return new Promise((resolve) => open.push(resolve));
    });
  }
  await settle();
  focus = 50; // the reader jumps
  open.shift()?.();
  await settle();
  focus = 2;
  open.shift()?.();
  await settle();
  open.shift()?.();
  await settle();
  assert.deepEqual(done, [0, 50, 2, 1]);
});

test("no more run at once than there is room for, and what is dropped never runs", async () => {
  let running = 0;
  let most = 0;
  let ran = 0;
  const schedule = new Schedule<number>((key) => key, 3);
  for (let key = 0; key < 20; key++) {
    schedule.add(key, async () => {
      ran++;
      most = Math.max(most, ++running);
      await settle();
      running--;
    });
  }
  await settle();
  schedule.drop((key) => key < 10);
  while (schedule.waiting > 0 || running > 0) await settle();
  assert.equal(most, 3);
  assert.equal(ran, 10);
});

test("a key without a rank waits", async () => {
  let wanted = false;
  let ran = false;
  const schedule = new Schedule<string>(() => (wanted ? 0 : undefined), 1);
  schedule.add("later", async () => {
    ran = true;
  });
  await settle();
  assert.equal(ran, false);
  wanted = true;
  schedule.pump();
  await settle();
  assert.equal(ran, true);
});

test("a schedule that is widened starts what there is room for now", async () => {
  const running: number[] = [];
  const schedule = new Schedule<number>((key) => key, 1);
  for (const key of [1, 2, 3, 4]) {
    schedule.add(key, () => {
      running.push(key);
      return new Promise(() => {});
    });
  }
  await settle();
  assert.deepEqual(running, [1]);
  schedule.width = 3;
  assert.deepEqual(running, [1, 2, 3]);
});
