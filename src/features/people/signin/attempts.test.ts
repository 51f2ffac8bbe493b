import assert from "node:assert/strict";
import { test } from "node:test";
import { newKey } from "#trust/keys/wrap.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { Attempts, type Limit } from "./attempts.ts";

const database = await testDatabase();
const attempts = new Attempts(database, newKey());
const LIMIT: Limit = { kind: "test", most: 3, minutes: 15 };
const age = (minutes: number) =>
  database.owner.query("update attempt set window_at = window_at - make_interval(mins => $1)", [minutes]);

test("attempts are counted before they are tried: of many at once only as many as allowed go on", async () => {
  const allowances = await Promise.all(Array.from({ length: 9 }, () => attempts.count(LIMIT, "parallel")));
  assert.equal(allowances.filter(({ allowed }) => allowed).length, 3);
  assert.equal(allowances.filter((allowance) => allowance.allowed && allowance.last).length, 1);
});

test("a door that closed says for how long, and opens again when the first attempts are that old", async () => {
  for (let round = 0; round < 3; round++) await attempts.count(LIMIT, "patient");
  const closed = await attempts.count(LIMIT, "patient");
  assert.ok(!closed.allowed && closed.seconds > 14 * 60 && closed.seconds <= 16 * 60);
  await age(16);
  assert.deepEqual(await attempts.count(LIMIT, "patient"), { allowed: true, last: false });
});

test("sources and kinds are counted apart, letters' case is not", async () => {
  for (let round = 0; round < 3; round++) await attempts.count(LIMIT, "Ada@Example.org");
  assert.equal((await attempts.count(LIMIT, "ada@example.org")).allowed, false);
  assert.equal((await attempts.count(LIMIT, "grace@example.org")).allowed, true);
  assert.equal((await attempts.count({ ...LIMIT, kind: "other" }, "ada@example.org")).allowed, true);
});

test("a success forgets what was before it, or takes itself out of the count", async () => {
  for (let round = 0; round < 3; round++) await attempts.count(LIMIT, "forgetful");
  await attempts.forget(LIMIT, "forgetful");
  assert.deepEqual(await attempts.count(LIMIT, "forgetful"), { allowed: true, last: false });
  for (let round = 0; round < 5; round++) {
    assert.equal((await attempts.count(LIMIT, "forgiven")).allowed, true);
    await attempts.forgive(LIMIT, "forgiven");
  }
});

test("what was tried does not stand in the database, and nothing is kept for longer than a day", async () => {
  await attempts.count(LIMIT, "ada@example.org");
  const { rows } = await database.owner.query<{ source: string }>("select source from attempt");
  assert.ok(rows.every(({ source }) => /^[A-Za-z0-9_-]{43}$/.test(source)));
  await age(24 * 60 + 1);
  await attempts.sweep();
  assert.deepEqual((await database.owner.query("select from attempt")).rows, []);
});
