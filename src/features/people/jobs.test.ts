import assert from "node:assert/strict";
import { test } from "node:test";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation, aPerson, enrol, peopleHouse } from "../../../test/support/people.ts";
import { sweepTask } from "./jobs.ts";

const database = await testDatabase();
const house = peopleHouse(database);

test("the sweep forgets ended sessions, old challenges and the links of messages that nobody sent, and nothing else", async () => {
  const organisation = await anOrganisation(house.world);
  const { browser } = await enrol(house, await aPerson(house, organisation));
  const ended = await aPerson(house, organisation);
  await enrol(house, ended);
  const { owner } = database;
  await owner.query(`update auth."session" set "expiresAt" = now() - interval '1 second' where "userId" = $1`, [
    ended.user,
  ]);
  await owner.query(
    `insert into auth."verification" ("id", "identifier", "value", "expiresAt") values ('old', 'old', 'old', now() - interval '1 second')`,
  );
  await owner.query(`insert into mail_outbox (id, to_address, subject, body, created_at) values
    (gen_random_uuid(), 'a@example.org', 'old', 'link', now() - interval '9 days'), (gen_random_uuid(), 'a@example.org', 'new', 'link', now())`);
  await sweepTask(house.signin)({}, { id: "1", attempt: 1, signal: new AbortController().signal });
  const count = async (text: string) => (await owner.query(text)).rowCount;
  assert.equal(await count(`select from auth."session"`), 1);
  assert.equal(await count(`select from auth.session_proof`), 1);
  assert.equal(await count(`select from auth."verification" where "id" = 'old'`), 0);
  const { rows } = await owner.query<{ subject: string; body: string }>(
    "select subject, body from mail_outbox order by subject",
  );
  assert.deepEqual(rows, [
    { subject: "new", body: "link" },
    { subject: "old", body: "" },
  ]);
  assert.equal(browser.cookies.size, 1);
});
