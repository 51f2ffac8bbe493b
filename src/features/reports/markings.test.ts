import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Marking, Markings } from "#contract/studies.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { revokeGrant, shareStudy } from "#features/sharing/actions.ts";
import { recordAgreement } from "#features/sharing/agreement-actions.ts";
import { linkActor } from "#features/sharing/link-actions.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation } from "../../../test/support/people.ts";
import { aColleague, aStudy, sharingHouse, type TestStudy } from "../../../test/support/sharing.ts";

const database = await testDatabase();
const house = await sharingHouse(database);
const { world } = house;
const clinic = await anOrganisation(world);
const readers = await anOrganisation(world);
const radiologist = await aColleague(world, clinic);
const colleague = await aColleague(world, clinic);
const privacy = await aColleague(world, clinic, ["privacy-officer"]);
const reader = await aColleague(world, readers);
const agreement = await recordAgreement(world, privacy, {
  partner: readers,
  kind: "joint-care",
  purposes: ["second-opinion"],
  from: new Date(Date.now() - 60_000).toISOString(),
  until: new Date(Date.now() + 86_400_000).toISOString(),
});

const LENGTH: Marking = {
  id: "0b6f0a39",
  kind: "length",
  sop: "1.2.3",
  frame: 1,
  points: [
    [0, 0, 12.5],
    [14.2, 0, 12.5],
  ],
  text: "",
  value: "14.2 mm",
};
const ARROW: Marking = { ...LENGTH, id: "1c", kind: "arrow", text: "Subdural haematoma", value: "" };

const ask = (who: Actor, study: TestStudy, markings?: readonly unknown[]) =>
  house
    .as(who)
    .ask(markings ? "PUT" : "GET", `/api/studies/${study.owner}/${study.id}/markings`, markings && { markings });
const kept = async (who: Actor, study: TestStudy) => (await ask(who, study)).json<Markings>().markings;

test("what a person measured is there when they come back, replaced by what they measured since", async () => {
  const study = await aStudy(world, clinic);
  assert.deepEqual(await kept(radiologist, study), []);
  assert.equal((await ask(radiologist, study, [LENGTH, ARROW])).statusCode, 200);
  assert.deepEqual(await kept(radiologist, study), [LENGTH, ARROW]);
  await ask(radiologist, study, [ARROW]);
  assert.deepEqual(await kept(radiologist, study), [ARROW]);
});

test("measurements are one's own: a colleague sees none of them, also with SQL alone", async () => {
  const study = await aStudy(world, clinic);
  await ask(radiologist, study, [LENGTH]);
  assert.deepEqual(await kept(colleague, study), []);
  const rows = await database.read(
    scopeOf(colleague),
    async (tx) => (await sql`select * from marking_set where study = ${study.id}`.execute(tx)).rows,
  );
  assert.deepEqual(rows, []);
});

test("a reading group measures what is shared with it, until it is not", async () => {
  const study = await aStudy(world, clinic);
  assert.equal((await ask(reader, study, [LENGTH])).statusCode, 404);
  const { grant } = await shareStudy(world, radiologist, {
    owner: study.owner,
    study: study.id,
    subject: { kind: "organisation", id: readers },
    purpose: "second-opinion",
    basis: { kind: "agreement", id: agreement.id },
    rights: ["view"],
    expiresInDays: 1,
  });
  assert.equal((await ask(reader, study, [LENGTH])).statusCode, 200);
  assert.deepEqual(await kept(reader, study), [LENGTH]);
  await revokeGrant(world, radiologist, { id: grant });
  assert.equal((await ask(reader, study)).statusCode, 404);
  assert.equal((await ask(reader, study, [])).statusCode, 404);
});

test("a link keeps nothing, and what is no marking is refused by its place", async () => {
  const study = await aStudy(world, clinic);
  const link = linkActor({ id: study.id, organisation: clinic, rights: ["view"], purpose: "care" }, study.id);
  assert.equal((await ask(link, study, [LENGTH])).statusCode, 404);
  const wrong = await ask(radiologist, study, [{ ...LENGTH, points: [["a", 0, 0]] }]);
  assert.equal(wrong.statusCode, 400);
  assert.match(wrong.json<{ place: string }>().place, /^markings\.0\.points/);
  const many = Array.from({ length: 501 }, () => LENGTH);
  assert.equal((await ask(radiologist, study, many)).statusCode, 400);
});

test("the database holds them sealed, and the record says that they were kept", async () => {
  const study = await aStudy(world, clinic);
  await ask(radiologist, study, [ARROW]);
  const { rows } = await database.owner.query<{ sealed: Buffer }>("select sealed from marking_set where study = $1", [
    study.id,
  ]);
  assert.equal(rows.length, 1);
  assert.ok(!rows[0]?.sealed.includes("haematoma"));
  const entries = await database.owner.query(
    "select outcome, because from ledger_entry where action = 'markings.keep' and study = $1",
    [study.id],
  );
  assert.deepEqual(entries.rows, [{ outcome: "done", because: "own-care" }]);
});
