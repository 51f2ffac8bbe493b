import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Database } from "#platform/postgres/db.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation } from "../../../test/support/people.ts";
import {
  aBrowser,
  aColleague,
  aStudy,
  type Caller,
  type SharingHouse,
  sharingHouse,
  type TestStudy,
} from "../../../test/support/sharing.ts";

/** Consent taken at the desk, what rests on it, and what its end stops. */
let database: Database;
let house: SharingHouse;
let [clinic, group] = ["", ""];
let desk: Caller;
let officer: Caller;

const caller = async (organisation: string, roles: readonly Role[]): Promise<{ who: Actor; ask: Caller }> => {
  const who = await aColleague(house.world, organisation, roles);
  return { who, ask: house.as(who) };
};

before(async () => {
  database = await testDatabase();
  house = await sharingHouse(database);
  [clinic, group] = [await anOrganisation(house.world), await anOrganisation(house.world)];
  desk = (await caller(clinic, ["radiographer"])).ask;
  officer = (await caller(clinic, ["administrator"])).ask;
});

type Form = {
  id: string;
  form: string;
  version: number;
  sha256: string;
  retiredAt: string | null;
  purposes: string[];
  body: string;
};
const forms = async (ask = desk): Promise<Form[]> => (await ask.get("/api/consent/forms")).json<Form[]>();
const formFor = async (purpose: string): Promise<Form> => {
  const found = (await forms()).find((form) => form.retiredAt === null && form.purposes.includes(purpose));
  assert.ok(found);
  return found;
};

async function consent(study: TestStudy, over: Record<string, unknown> = {}) {
  return desk.post(`/api/patients/${study.id}/consents`, {
    ...{ studyOwner: clinic, study: study.id, formVersion: (await formFor("teaching")).id, decision: "given" },
    ...{ givenBy: "self", purposes: ["teaching"], channel: "in-person" },
    ...over,
  });
}

const proposal = (basis: object, over: Record<string, unknown> = {}) => ({
  subject: { kind: "link", recipient: "Prof. Mabena" },
  purpose: "teaching",
  basis,
  challenge: { kind: "password", password: "correct-horse-1" },
  ...over,
});
const share = (study: TestStudy, basis: object, over: Record<string, unknown> = {}) =>
  desk.post(`/api/studies/${clinic}/${study.id}/share`, proposal(basis, over));
const idOf = (answer: Awaited<ReturnType<Caller["post"]>>): string => answer.json<{ id: string }>().id;

test("an organisation begins with templates for each kind of permission, marked as such, once", async () => {
  const [one, two] = await Promise.all([forms(), forms(officer)]);
  assert.deepEqual(one.map(({ form }) => form).sort(), ["research", "teaching", "treatment-sharing"]);
  assert.deepEqual(new Set(one.map(({ id }) => id)), new Set(two.map(({ id }) => id)));
  for (const form of one) assert.match(form.body, /^TEMPLATE/);
});

test("a published form never changes: the next version retires it, and each has the hash of all it says", async () => {
  const text = {
    form: "teaching-de",
    language: "de",
    jurisdiction: "DE",
    purposes: ["teaching"],
    title: "Lehre",
    body: "Ich erlaube, dass meine Bilder gezeigt werden.",
  };
  const first = (await officer.post("/api/consent/forms", text)).json<Form>();
  const second = (
    await officer.post("/api/consent/forms", { ...text, body: `${text.body} Widerruf jederzeit.` })
  ).json<Form>();
  assert.deepEqual([first.version, second.version], [1, 2]);
  assert.notEqual(first.sha256, second.sha256);
  const listed = await forms();
  assert.ok(listed.find(({ id }) => id === first.id)?.retiredAt);
  assert.equal(listed.find(({ id }) => id === second.id)?.retiredAt, null);
  const [again] = (await forms()).filter(({ id }) => id === first.id);
  assert.equal(again?.sha256, first.sha256);
  const study = await aStudy(house.world, clinic);
  assert.equal(
    (await consent(study, { formVersion: first.id })).statusCode,
    409,
    "the retired version takes no consent",
  );
  assert.equal((await desk.post("/api/consent/forms", text)).statusCode, 403, "the desk does not publish");
});

test("consent is recorded for purposes of its form, by roles that take it, for one's own patients", async () => {
  const study = await aStudy(house.world, clinic);
  assert.equal((await consent(study)).statusCode, 201);
  assert.equal((await consent(study, { decision: "refused" })).statusCode, 201);
  assert.equal((await consent(study, { purposes: ["research"] })).statusCode, 409);
  assert.equal((await consent(study, { until: "2020-01-01T00:00:00Z" })).statusCode, 409);
  const listed = await desk.get(`/api/patients/${study.patient}/consents`);
  assert.equal(listed.json<unknown[]>().length, 2);
  const elsewhere = await aStudy(house.world, group);
  assert.equal((await consent(elsewhere)).statusCode, 404);
  assert.equal((await consent(study, { study: elsewhere.id })).statusCode, 404);
  assert.equal((await desk.get(`/api/patients/${elsewhere.patient}/consents`)).statusCode, 404);
  const stranger = (await caller(group, ["radiographer"])).ask;
  assert.equal((await stranger.get(`/api/patients/${study.patient}/consents`)).statusCode, 404);
  assert.equal((await officer.post(`/api/patients/${study.id}/consents`, {})).statusCode, 400);
});

test("ending a consent ends every grant that rests on it and only those, and says what stays and why", async () => {
  await officer.post("/api/partners", {
    ...{ partner: group, kind: "operator", purposes: ["second-opinion"] },
    ...{ from: "2026-01-01T00:00:00Z", until: "2099-01-01T00:00:00Z" },
  });
  const partners = (await officer.get("/api/partners")).json<{ id: string }[]>();
  const about = { PatientID: "CONSENT-1" };
  const [study, twin] = [
    await aStudy(house.world, clinic, undefined, about),
    await aStudy(house.world, clinic, undefined, about),
  ];
  const [yes, other] = [idOf(await consent(study)), idOf(await consent(study))];
  const resting = [await share(study, { kind: "consent", id: yes }), await share(twin, { kind: "consent", id: yes })];
  const onOther = await share(
    study,
    { kind: "consent", id: other },
    { subject: { kind: "link", recipient: "Dr Other" } },
  );
  const care = await share(
    study,
    { kind: "own-care" },
    { purpose: "second-opinion", subject: { kind: "link", recipient: "Dr Care" } },
  );
  const paper = await desk.post(`/api/studies/${clinic}/${study.id}/share`, {
    ...{ subject: { kind: "organisation", id: group }, purpose: "second-opinion" },
    basis: { kind: "agreement", id: partners[0]?.id },
  });
  for (const made of [...resting, onOther, care, paper]) assert.equal(made.statusCode, 201, made.body);
  const [first] = resting;
  const secret = first?.json<{ link: { url: string } }>().link.url.split("#")[1];
  const browser = aBrowser(house);
  assert.equal((await browser.post("/api/link/open", { secret, answer: "correct-horse-1" })).statusCode, 200);

  const ended = await desk.post(`/api/consents/${yes}/end`, { reason: "told us by telephone" });
  assert.equal(ended.statusCode, 200, ended.body);
  const grantOf = (answer: typeof care): string => answer.json<{ grant: string }>().grant;
  const { stopped, stays } = ended.json<{
    stopped: { grant: string; name: string }[];
    stays: { grant: string; because: string }[];
  }>();
  assert.deepEqual(stopped.map(({ grant }) => grant).sort(), resting.map(grantOf).sort());
  assert.deepEqual(new Set(stopped.map(({ name }) => name)), new Set(["Prof. Mabena"]));
  assert.deepEqual(
    new Map(stays.map(({ grant, because }) => [grant, because])),
    new Map([
      [grantOf(onOther), "other-consent"],
      [grantOf(care), "own-care"],
      [grantOf(paper), "agreement"],
    ]),
  );
  assert.equal((await browser.get("/api/link/study")).statusCode, 404, "the page that was open");
  const { rows } = await database.owner.query<{ id: string }>(
    "select id from access_grant where organisation = $1 and basis_ended_at is not null",
    [clinic],
  );
  assert.deepEqual(rows.map(({ id }) => id).sort(), resting.map(grantOf).sort());
  const record = await database.owner.query<{ action: string }>(
    "select action from ledger_entry where organisation = $1 and (subject = $2 or subject = any($3)) and action in ('consent.end', 'grant.end') order by action",
    [clinic, yes, resting.map(grantOf)],
  );
  assert.deepEqual(
    record.rows.map(({ action }) => action),
    ["consent.end", "grant.end", "grant.end"],
  );
  const access = (await desk.get(`/api/studies/${clinic}/${study.id}/access`)).json<{
    access: { grant: string; state: string }[];
  }>();
  assert.deepEqual(
    new Map(access.access.map(({ grant, state }) => [grant, state])).get(grantOf(resting[0] ?? care)),
    "basis-ended",
  );

  assert.equal((await desk.post(`/api/consents/${yes}/end`, {})).statusCode, 404, "it ended already");
  const again = await share(study, { kind: "consent", id: yes });
  assert.equal(again.statusCode, 409);
  assert.equal(again.json<{ place: string }>().place, "basis-ended");
});

test("a share that is being made while its consent ends does not outlive it", async () => {
  for (let turn = 0; turn < 6; turn++) {
    const study = await aStudy(house.world, clinic);
    const yes = idOf(await consent(study));
    await Promise.all([share(study, { kind: "consent", id: yes }), desk.post(`/api/consents/${yes}/end`, {})]);
    const { rows } = await database.owner.query(
      "select from access_grant where basis = $1 and basis_ended_at is null and revoked_at is null",
      [yes],
    );
    assert.equal(rows.length, 0);
    const access = await database.owner.query("select from access where study = $1", [study.id]);
    assert.equal(access.rows.length, 0);
  }
});

test("only those who take consent end it, and only their own patients'", async () => {
  const study = await aStudy(house.world, clinic);
  const yes = idOf(await consent(study));
  const referrer = (await caller(clinic, ["referrer"])).ask;
  assert.equal((await referrer.post(`/api/consents/${yes}/end`, {})).statusCode, 403);
  const stranger = (await caller(group, ["radiographer"])).ask;
  assert.equal((await stranger.post(`/api/consents/${yes}/end`, {})).statusCode, 404);
  const no = idOf(await consent(study, { decision: "refused" }));
  assert.equal((await desk.post(`/api/consents/${no}/end`, {})).statusCode, 404, "a refusal is not withdrawn here");
});

test("the dialog hears in words why a share is refused, and the share itself is refused alike", async () => {
  const study = await aStudy(house.world, clinic);
  const url = `/api/studies/${clinic}/${study.id}/share`;
  const { basis: _, ...without } = proposal({});
  const verdict = (await desk.post(`${url}/verdict`, without)).json<{
    verdict: object;
    sentences: { key: string }[];
    bases: unknown[];
  }>();
  assert.deepEqual(verdict.verdict, { allowed: false, because: "basis-missing" });
  assert.deepEqual(
    verdict.sentences.map(({ key }) => key),
    ["share.refused.basis-missing"],
  );
  assert.deepEqual(verdict.bases, []);
  const refused = await desk.post(url, without);
  assert.deepEqual([refused.statusCode, refused.json<{ code: string }>().code], [409, "share.refused"]);
  const { rows } = await database.owner.query(
    "select from ledger_entry where study = $1 and action = 'study.share' and outcome = 'refused'",
    [study.id],
  );
  assert.equal(rows.length, 1);
  const yes = idOf(await consent(study));
  const after = (await desk.post(`${url}/verdict`, without)).json<{
    bases: { kind: string; id: string; title: string }[];
  }>();
  assert.deepEqual(
    after.bases.map(({ kind, id }) => [kind, id]),
    [["consent", yes]],
  );
});

test("who has access is seen by the owner's staff, and by nobody of another organisation", async () => {
  const study = await aStudy(house.world, clinic);
  const url = `/api/studies/${clinic}/${study.id}/access`;
  assert.equal((await desk.get(url)).statusCode, 200);
  for (const [organisation, role] of [
    [group, "radiologist"],
    [clinic, "referrer"],
  ] as const)
    assert.equal((await (await caller(organisation, [role])).ask.get(url)).statusCode, 404, role);
  assert.equal((await desk.get(`/api/studies/${clinic}/${group}/access`)).statusCode, 404);
  assert.equal((await desk.get(`/api/studies/x/y/access`)).statusCode, 404);
  const made = await share(study, { kind: "own-care" }, { purpose: "care" });
  const stranger = (await caller(group, ["radiologist"])).ask;
  assert.equal((await stranger.ask("DELETE", `/api/grants/${made.json<{ grant: string }>().grant}`)).statusCode, 404);
  assert.equal((await officer.ask("DELETE", `/api/grants/${made.json<{ grant: string }>().grant}`)).statusCode, 404);
});
