import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AccessRow } from "#contract/sharing.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { giveRole } from "#features/people/person-queries.ts";
import { shareStudy } from "#features/sharing/actions.ts";
import { AccessHouse, type Staff } from "../support/access-house.ts";
import type { TestStudy } from "../support/sharing.ts";
import { ask, type Heard } from "./ask.ts";

/** What a person was given for one workplace is theirs while they work there, on every wire, from one request to the next. */
let house: AccessHouse;
let clinic: string;
let readers: string;
let elsewhere: string;
let sharer: Staff;
let agreement: string;

before(async () => {
  house = await AccessHouse.open();
  clinic = await house.organisation("Giving Clinic");
  readers = await house.organisation("Reading Group");
  elsewhere = await house.organisation("Another House");
  sharer = await house.person(clinic, ["radiologist"]);
  ({ id: agreement } = await house.agreement(clinic, readers, ["care"]));
});
after(() => house.close());

type Basis = { kind: "own-care" } | { kind: "agreement"; id: string };

/** A study with a signed report, given to somebody by name. */
async function given(to: Staff, basis: Basis): Promise<TestStudy> {
  const study = await house.study(clinic);
  const text = { indication: "", comparison: "", findings: "Nothing found.", impression: "Normal.", base: 0 };
  const report = `/api/studies/${clinic}/${study.id}/report`;
  const desk = await house.signedIn(sharer);
  const draft = JSON.parse((await send(desk, "PUT", report, "*/*", text)).body.toString()) as object;
  assert.equal((await send(desk, "POST", `${report}/sign`, "*/*", { ...draft, status: "final" })).status, 200);
  await shareStudy(house.node, sharer, {
    ...{ owner: clinic, study: study.id, subject: { kind: "person", email: to.email }, purpose: "care", basis },
    ...{ rights: ["view", "download"], expiresInDays: 90 },
  });
  return study;
}

const send = (cookie: string, method: string, path: string, accept: string, body?: object): Promise<Heard> =>
  ask(
    house.url,
    { cookie, origin: house.url },
    { method, path, headers: { accept }, body: body && JSON.stringify(body) },
  );

/** The wires by which a person reaches a study, as those that let them in. */
async function seen(cookie: string, { owner, id, uid }: TestStudy): Promise<string[]> {
  const [dicomweb, api] = [`/dicomweb/orgs/${owner}`, `/api/studies/${owner}/${id}`];
  const found = async (path: string, what: string, accept = "application/json") =>
    (await send(cookie, "GET", path, accept)).body.includes(what);
  const opened = async (path: string, accept: string) => (await send(cookie, "GET", path, accept)).status === 200;
  const wires: Record<string, boolean> = {
    zip: await opened(`${dicomweb}/studies/${uid}`, "application/zip"),
    wado: await opened(`${dicomweb}/studies/${uid}`, 'multipart/related; type="application/dicom"'),
    metadata: await opened(`${dicomweb}/studies/${uid}/metadata`, "application/dicom+json"),
    rendered: await opened(`${dicomweb}/studies/${uid}/rendered`, "*/*"),
    qido: await found(`${dicomweb}/studies`, uid, "application/dicom+json"),
    worklist: await found("/api/studies", uid),
    granted: await found("/api/studies?owner=granted", uid),
    detail: await opened(api, "application/json"),
    report: await opened(`${api}/report`, "application/json"),
    print: await opened(`${api}/report.pdf`, "application/pdf"),
    markings: await opened(`${api}/markings`, "application/json"),
  };
  return Object.keys(wires).filter((name) => wires[name]);
}

const EVERY_WIRE = [
  ...["zip", "wado", "metadata", "rendered", "qido", "worklist", "granted", "detail", "report", "print", "markings"],
];
/** Of a study of the house one works for: what is granted stands in the list of what others gave for others' studies only. */
const EVERY_WIRE_AT_HOME = EVERY_WIRE.filter((name) => name !== "granted");

async function alsoWorksAt(person: Staff, organisation: string, role: "referrer" | "administrator"): Promise<Staff> {
  await house.node.database.transaction({ organisation, person: person.id }, async (tx) => {
    await giveRole(tx, organisation, person.id, role);
    await bumpEpochs(tx, [organisation, person.id]);
  });
  return { ...person, organisation, roles: [role] };
}

async function dismiss({ id, organisation }: Staff): Promise<void> {
  const cookie = await house.signedIn(await house.person(organisation, ["administrator"]));
  assert.equal((await send(cookie, "DELETE", `/api/people/${id}`, "application/json")).status, 200);
}

test("a reader of a partner has what was shared with them for their work there, and takes it nowhere else", async () => {
  const reader = await house.person(readers, ["radiologist"]);
  const study = await given(reader, { kind: "agreement", id: agreement });
  const cookie = await house.signedIn(reader);
  assert.deepEqual(await seen(cookie, study), EVERY_WIRE);
  for (const role of ["referrer", "administrator"] as const) {
    const there = await alsoWorksAt(reader, elsewhere, role);
    assert.deepEqual(await seen(await house.signedIn(there), study), [], `as a ${role} of another house`);
  }
  const move = (organisation: string) =>
    send(cookie, "POST", "/api/session/organisation", "application/json", { organisation });
  assert.equal((await move(elsewhere)).status, 200);
  assert.deepEqual(await seen(cookie, study), [], "the same session, working for another house");
  assert.equal((await move(readers)).status, 200);
  assert.deepEqual(await seen(cookie, study), EVERY_WIRE);
});

test("who leaves the partner for another house has nothing of it at the next request", async () => {
  const reader = await house.person(readers, ["radiologist"]);
  const studies = [
    await given(reader, { kind: "agreement", id: agreement }),
    await given(reader, { kind: "own-care" }),
  ];
  const cookie = await house.signedIn(reader);
  for (const study of studies) assert.deepEqual(await seen(cookie, study), EVERY_WIRE);
  const there = await house.signedIn(await alsoWorksAt(reader, elsewhere, "administrator"));
  await dismiss(reader);
  for (const study of studies)
    for (const session of [cookie, there, await house.signedIn({ ...reader, organisation: elsewhere })])
      assert.deepEqual(await seen(session, study), []);
});

test("a clinic's own referrer who is dismissed has nothing of what they were given there", async () => {
  const referrer = await house.person(clinic, ["referrer"]);
  const study = await given(referrer, { kind: "own-care" });
  const cookie = await house.signedIn(referrer);
  assert.deepEqual(await seen(cookie, study), EVERY_WIRE_AT_HOME);
  const there = await alsoWorksAt(referrer, elsewhere, "referrer");
  const before = await house.signedIn(there);
  const holders = async () => {
    const officer = await house.signedIn(await house.person(clinic, ["privacy-officer"], "audit"));
    const answer = await send(officer, "GET", `/api/studies/${clinic}/${study.id}/access`, "application/json");
    return (JSON.parse(answer.body.toString()) as { access: AccessRow[] }).access.map(({ state }) => state);
  };
  assert.deepEqual(await holders(), ["open"]);
  await dismiss(referrer);
  for (const session of [cookie, before, await house.signedIn(there)]) assert.deepEqual(await seen(session, study), []);
  assert.deepEqual(await holders(), ["left"]);
});
