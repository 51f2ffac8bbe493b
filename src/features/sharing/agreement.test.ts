import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgreementRow } from "#contract/people.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation } from "../../../test/support/people.ts";
import { aBrowser, aColleague, aStudy, sharingHouse, type TestStudy } from "../../../test/support/sharing.ts";

const database = await testDatabase();
const house = await sharingHouse(database);
const { world } = house;
const DAY_MS = 86_400_000;
const paperWith = (partner: string) => ({
  ...{ partner, kind: "joint-care", purposes: ["care"], reference: "file 7" },
  ...{ from: new Date(Date.now() - DAY_MS).toISOString(), until: new Date(Date.now() + 30 * DAY_MS).toISOString() },
});

async function twoParties() {
  const [giver, receiver] = [await anOrganisation(world), await anOrganisation(world)];
  const officer = house.as(await aColleague(world, giver, ["administrator"]));
  const theirs = house.as(await aColleague(world, receiver, ["administrator"]));
  return { giver, receiver, officer, theirs };
}

test("an agreement is seen by both parties under each other's name, and ended once, by the one that gave it", async () => {
  const { giver, receiver, officer, theirs } = await twoParties();
  const row = (await officer.post("/api/partners", paperWith(receiver))).json<AgreementRow>();
  assert.deepEqual([row.given, row.partner.id, row.grants, row.endedAt], [true, receiver, 0, null]);
  const [seen] = (await theirs.get("/api/partners")).json<AgreementRow[]>();
  assert.deepEqual([seen?.given, seen?.partner.id, seen?.reference], [false, giver, "file 7"]);
  assert.equal((await theirs.post(`/api/partners/${row.id}/end`)).statusCode, 404);
  assert.deepEqual((await officer.post(`/api/partners/${row.id}/end`)).json(), { stopped: 0 });
  assert.equal((await officer.post(`/api/partners/${row.id}/end`)).statusCode, 404);
  assert.notEqual((await officer.get("/api/partners")).json<AgreementRow[]>()[0]?.endedAt, null);
});

test("an agreement with nobody, with oneself or that ends before it begins is refused", async () => {
  const { giver, receiver, officer } = await twoParties();
  for (const wrong of [
    paperWith("Nobody knows them"),
    paperWith(giver),
    { ...paperWith(receiver), until: "2001-01-01T00:00:00Z" },
    { ...paperWith(receiver), purposes: [] },
    { ...paperWith(receiver), countries: ["Germany"] },
  ]) {
    assert.equal((await officer.post("/api/partners", wrong)).statusCode, 400, JSON.stringify(wrong));
  }
});

test("administrators and privacy officers keep agreements; those who share see them; others do neither", async () => {
  const { giver, receiver } = await twoParties();
  const statuses = async (role: "privacy-officer" | "radiologist" | "referrer") => {
    const caller = house.as(await aColleague(world, giver, [role]));
    return [
      (await caller.get("/api/partners")).statusCode,
      (await caller.post("/api/partners", paperWith(receiver))).statusCode,
    ];
  };
  assert.deepEqual(await statuses("privacy-officer"), [200, 200]);
  assert.deepEqual(await statuses("radiologist"), [200, 403]);
  assert.deepEqual(await statuses("referrer"), [403, 403]);
  assert.equal((await aBrowser(house).get("/api/partners")).statusCode, 401);
});

test("the end of an agreement ends every grant that rests on it, at the next request, and no other", async () => {
  const { giver, receiver, officer } = await twoParties();
  const radiologist = await aColleague(world, giver, ["radiologist"]);
  const reader = await aColleague(world, receiver, ["radiologist"]);
  const agreements: string[] = [];
  for (const _ of [1, 2])
    agreements.push((await officer.post("/api/partners", paperWith(receiver))).json<AgreementRow>().id);
  const studies: TestStudy[] = [];
  for (const id of agreements) {
    const study = await aStudy(world, giver);
    const shared = await house.as(radiologist).post(`/api/studies/${giver}/${study.id}/share`, {
      ...{ subject: { kind: "organisation", id: receiver }, purpose: "care", basis: { kind: "agreement", id } },
      ...{ rights: ["view"], expiresInDays: 7 },
    });
    assert.equal(shared.statusCode, 201, shared.body);
    studies.push(study);
  }
  const visible = async () =>
    Promise.all(studies.map(async ({ uid }) => (await house.gate.verdict("view", reader, giver, uid)).allowed));
  assert.deepEqual(await visible(), [true, true]);
  assert.equal(
    (await officer.get("/api/partners")).json<AgreementRow[]>().find(({ id }) => id === agreements[0])?.grants,
    1,
  );
  assert.deepEqual((await officer.post(`/api/partners/${agreements[0]}/end`)).json(), { stopped: 1 });
  assert.deepEqual(await visible(), [false, true]);
});

test("a share of own care with a partner ends with the agreement it needed, and is counted with it before", async () => {
  const { giver, receiver, officer } = await twoParties();
  const radiologist = await aColleague(world, giver, ["radiologist"]);
  const reader = await aColleague(world, receiver, ["radiologist"]);
  const { email } = await world.database.owner
    .query<{ email: string }>("select email from person where id = $1", [reader.id])
    .then(({ rows: [row] }) => row ?? { email: "" });
  const study = await aStudy(world, giver);
  const share = (subject: object) =>
    house.as(radiologist).post(`/api/studies/${giver}/${study.id}/share`, {
      ...{ subject, purpose: "care", basis: { kind: "own-care" }, rights: ["view"], expiresInDays: 300 },
    });
  const subjects = [
    { kind: "organisation", id: receiver },
    { kind: "person", email },
  ];
  for (const subject of subjects) assert.notEqual((await share(subject)).statusCode, 201, "no agreement runs");
  const paper = (await officer.post("/api/partners", paperWith(receiver))).json<AgreementRow>();
  const visible = async () => (await house.gate.verdict("view", reader, giver, study.uid)).allowed;
  const grants = [];
  for (const subject of subjects) grants.push((await share(subject)).json<{ grant: string }>().grant);
  const { rows } = await world.database.owner.query<{ id: string; until: Date }>(
    "select id, until_at as until from access_grant where id = any($1)",
    [grants],
  );
  assert.deepEqual(
    rows.map(({ until }) => until.toISOString()),
    [paper.until, paper.until],
    "none outlives the agreement",
  );
  assert.equal(await visible(), true);
  assert.equal((await officer.get("/api/partners")).json<AgreementRow[]>()[0]?.grants, 2);
  assert.deepEqual((await officer.post(`/api/partners/${paper.id}/end`)).json(), { stopped: 2 });
  assert.equal(await visible(), false);
});

test("of two agreements a share of own care rests on the longer one: the end of the other leaves it", async () => {
  const { giver, receiver, officer } = await twoParties();
  const radiologist = await aColleague(world, giver, ["radiologist"]);
  const reader = await aColleague(world, receiver, ["radiologist"]);
  const short = { ...paperWith(receiver), until: new Date(Date.now() + 3 * DAY_MS).toISOString() };
  const [other, needed] = [
    (await officer.post("/api/partners", short)).json<AgreementRow>().id,
    (await officer.post("/api/partners", paperWith(receiver))).json<AgreementRow>().id,
  ];
  const study = await aStudy(world, giver);
  const shared = await house.as(radiologist).post(`/api/studies/${giver}/${study.id}/share`, {
    ...{ subject: { kind: "organisation", id: receiver }, purpose: "care", basis: { kind: "own-care" } },
    ...{ rights: ["view"], expiresInDays: 7 },
  });
  assert.equal(shared.statusCode, 201);
  const visible = async () => (await house.gate.verdict("view", reader, giver, study.uid)).allowed;
  assert.deepEqual((await officer.post(`/api/partners/${other}/end`)).json(), { stopped: 0 });
  assert.equal(await visible(), true);
  assert.deepEqual((await officer.post(`/api/partners/${needed}/end`)).json(), { stopped: 1 });
  assert.equal(await visible(), false);
});

test("a share of own care that meets the end of its agreement does not outlive it", async () => {
  const { giver, receiver, officer } = await twoParties();
  const radiologist = await aColleague(world, giver, ["radiologist"]);
  const reader = await aColleague(world, receiver, ["radiologist"]);
  for (let turn = 0; turn < 6; turn++) {
    const { id } = (await officer.post("/api/partners", paperWith(receiver))).json<AgreementRow>();
    const study = await aStudy(world, giver);
    await Promise.all([
      house.as(radiologist).post(`/api/studies/${giver}/${study.id}/share`, {
        ...{ subject: { kind: "organisation", id: receiver }, purpose: "care", basis: { kind: "own-care" } },
        ...{ rights: ["view"], expiresInDays: 7 },
      }),
      officer.post(`/api/partners/${id}/end`),
    ]);
    assert.equal((await house.gate.verdict("view", reader, giver, study.uid)).allowed, false);
  }
});
