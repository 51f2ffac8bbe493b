import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { Reading } from "#platform/dicom/association/reading.ts";

let clock = 0;

/** As much of a socket as is read: it can be paused. */
function socket(): Duplex {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  stream.on("data", () => undefined);
  return stream;
}

test("a socket is held and let go, as often as its owner says", () => {
  const stream = socket();
  const reading = new Reading(stream, () => clock);
  for (const held of [true, true, false, false, true, false]) {
    reading.hold(held);
    assert.equal(stream.isPaused(), held);
    assert.equal(reading.held, held);
  }
});

test("a peer that keeps sending is read without a rest", async () => {
  const stream = socket();
  const reading = new Reading(stream, () => clock);
  for (let count = 0; count < 5; count += 1) {
    clock += 20;
    reading.read();
    await turn();
    assert.equal(stream.isPaused(), false);
  }
});

test("after a silence of 40 ms in the middle of sending, each read is followed by a rest", async () => {
  const stream = socket();
  const reading = new Reading(stream, () => clock);
  reading.read();
  clock += 45;
  reading.read();
  await once(stream, "pause");
  await once(stream, "resume");
  assert.equal(stream.isPaused(), false);
});

test("a silence after our own answer is no stall", async () => {
  const stream = socket();
  const reading = new Reading(stream, () => clock);
  reading.read();
  reading.wrote();
  clock += 45;
  reading.read();
  await sleep(10);
  assert.equal(stream.isPaused(), false);
});

test("a rest does not let go what the owner holds", async () => {
  const stream = socket();
  const reading = new Reading(stream, () => clock);
  reading.read();
  clock += 45;
  reading.read();
  reading.hold(true);
  await sleep(20);
  assert.equal(stream.isPaused(), true);
  reading.hold(false);
  assert.equal(stream.isPaused(), false);
});
