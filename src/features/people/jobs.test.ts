import assert from "node:assert/strict";
import { test } from "node:test";
import { queueMail } from "#platform/mail.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { lettersIn } from "../../../test/support/letters.ts";
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
  const post = (subject: string) =>
    database.transaction(NO_SCOPE, (tx) =>
      queueMail({ tx, pepper: house.world.pepper }, { organisation, to: "a@example.org", subject, body: "link" }),
    );
  const [old] = [await post("old"), await post("new")];
  await owner.query("update mail_outbox set created_at = now() - interval '9 days' where id = $1", [old]);
  await sweepTask(house.signin)({}, { id: "1", attempt: 1, signal: new AbortController().signal });
  const count = async (text: string) => (await owner.query(text)).rowCount;
  assert.equal(await count(`select from auth."session"`), 1);
  assert.equal(await count(`select from auth.session_proof`), 1);
  assert.equal(await count(`select from auth."verification" where "id" = 'old'`), 0);
  assert.deepEqual(
    (await lettersIn(house.world)).map(({ subject }) => subject),
    ["new"],
  );
  assert.equal(browser.cookies.size, 1);
});
