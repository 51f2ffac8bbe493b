import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createOTP } from "@better-auth/utils/otp";
import { symmetricEncrypt } from "better-auth/crypto";
import { getAuthTables } from "better-auth/db";
import { Hidden } from "#kit/hidden.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { peopleHouse } from "../../../../test/support/people.ts";
import { authStore } from "./store.ts";
import { takeCode } from "./totp.ts";

const database = await testDatabase();
const secret = new Hidden(randomBytes(32).toString("hex"));
const place = { store: authStore(database.auth), secret };
const STEP = 30_000;
const NOON = Date.UTC(2026, 10, 24, 12);

/** RFC 6238 appendix B uses this key, in ASCII. */
async function aUser(key = "12345678901234567890"): Promise<string> {
  const id = randomBytes(8).toString("hex");
  await database.auth.query(`insert into "user" ("id", "name", "email", "emailVerified") values ($1, '', $2, true)`, [
    id,
    `${id}@example.org`,
  ]);
  const sealed = await symmetricEncrypt({ key: secret.reveal(), data: key });
  await database.auth.query(
    `insert into "twoFactor" ("id", "secret", "backupCodes", "userId", "verified") values ($1, $2, '', $1, true)`,
    [id, sealed],
  );
  return id;
}
const codeAt = (at: number): Promise<string> =>
  createOTP("12345678901234567890", { digits: 6, period: 30 }).hotp(Math.floor(at / STEP));

test("RFC 6238 appendix B, SHA-1: its codes (the last six digits) are taken at their times", async () => {
  for (const [seconds, digits] of [
    [59, "287082"],
    [1111111109, "081804"],
    [1111111111, "050471"],
    [1234567890, "005924"],
    [2000000000, "279037"],
    [20000000000, "353130"],
  ] as const) {
    assert.ok(await takeCode(place, await aUser(), digits, seconds * 1000), String(seconds));
  }
});

test("a code is taken within one step of the server's time and not beyond", async () => {
  for (const [offset, taken] of [
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ] as const) {
    assert.equal(
      await takeCode(place, await aUser(), await codeAt(NOON + offset * STEP), NOON),
      taken,
      `${offset} steps`,
    );
  }
});

test("a code, and every code of an earlier step, is refused once a step was taken", async () => {
  const user = await aUser();
  assert.ok(await takeCode(place, user, await codeAt(NOON), NOON));
  assert.ok(!(await takeCode(place, user, await codeAt(NOON), NOON)));
  assert.ok(!(await takeCode(place, user, await codeAt(NOON - STEP), NOON)));
  assert.ok(await takeCode(place, user, await codeAt(NOON + STEP), NOON));
});

test("of ten that send one code at the same time one gets it taken", async () => {
  const user = await aUser();
  const code = await codeAt(NOON);
  const taken = await Promise.all(Array.from({ length: 10 }, () => takeCode(place, user, code, NOON)));
  assert.equal(taken.filter(Boolean).length, 1);
});

test("a user without a second factor, and a wrong code, take nothing", async () => {
  assert.ok(!(await takeCode(place, "nobody", "287082", 59_000)));
  assert.ok(!(await takeCode(place, await aUser(), "287083", 59_000)));
});

test("the migration holds every table and column that better-auth wants", async () => {
  const { signin } = peopleHouse(database, { routes: false });
  const tables = Object.values(getAuthTables(signin.auth().options));
  const { rows } = await database.owner.query<{ name: string }>(
    "select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'auth'",
  );
  const there = new Set(rows.map(({ name }) => name));
  for (const { modelName, fields } of tables) {
    for (const [name, field] of Object.entries(fields))
      assert.ok(there.has(`${modelName}.${field.fieldName ?? name}`), `${modelName}.${name}`);
  }
});
