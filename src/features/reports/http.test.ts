import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Report } from "#contract/studies.ts";
import type { Right } from "#contract/words.ts";
import { type Actor, systemActor } from "#features/audit/actor.ts";
import { openDetail } from "#features/audit/record.ts";
import { reportForPatient } from "#features/reports/reading.ts";
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
const radiographer = await aColleague(world, clinic, ["radiographer"]);
const privacy = await aColleague(world, clinic, ["privacy-officer"]);
const reader = await aColleague(world, readers);
const agreement = await recordAgreement(world, privacy, {
  partner: readers,
  kind: "joint-care",
  purposes: ["second-opinion"],
  from: new Date(Date.now() - 60_000).toISOString(),
  until: new Date(Date.now() + 86_400_000).toISOString(),
});

const ask = (who: Actor, method: "GET" | "POST" | "PUT", study: TestStudy, rest = "", payload?: object) =>
  house.as(who).ask(method, `/api/studies/${study.owner}/${study.id}/report${rest}`, payload);

const write = (who: Actor, study: TestStudy, findings: string) => ask(who, "PUT", study, "", { findings });
const sign = (who: Actor, study: TestStudy, status: string) => ask(who, "POST", study, "/sign", { status });
const read = async (who: Actor, study: TestStudy) => (await ask(who, "GET", study)).json<Report>();

function share(study: TestStudy, rights: Right[], change: { withReport?: boolean } = {}) {
  return shareStudy(world, radiologist, {
    owner: study.owner,
    study: study.id,
    subject: { kind: "organisation", id: readers },
    purpose: "second-opinion",
    basis: { kind: "agreement", id: agreement.id },
    rights,
    expiresInDays: 1,
    ...change,
  });
}

async function record(organisation: string, action: string) {
  return database.read({ organisation, person: null }, async (tx) => {
    const { rows } = await sql<{ id: string; outcome: string; because: string; study: string; actor: string }>`
      select id, outcome, because, study, actor from ledger_entry where organisation = ${organisation} and action = ${action} order by at, id`.execute(
      tx,
    );
    return rows;
  });
}

test("a report is written, signed as preliminary, then final, then added to; every signed version stays", async () => {
  const study = await aStudy(world, clinic);
  assert.equal((await read(radiologist, study)).status, "none");
  assert.equal((await write(radiologist, study, "No bleeding")).statusCode, 200);
  assert.equal((await write(radiologist, study, "No bleeding.")).statusCode, 200);
  assert.equal((await sign(radiologist, study, "preliminary")).statusCode, 200);
  assert.equal((await sign(radiologist, study, "addendum")).statusCode, 409);
  assert.equal((await write(radiologist, study, "No bleeding. No fracture.")).statusCode, 200);
  const final = (await sign(radiologist, study, "final")).json<Report>();
  assert.equal(final.status, "final");
  assert.equal(final.text.findings, "No bleeding. No fracture.");
  assert.equal((await sign(radiologist, study, "final")).statusCode, 409);

  await write(radiologist, study, "No bleeding. No fracture. An old infarct on the left.");
  const adding = await read(radiologist, study);
  assert.equal(adding.status, "final", "what is being added is not yet the report");
  assert.equal(adding.text.findings, "No bleeding. No fracture.");
  assert.equal(adding.draft?.findings, "No bleeding. No fracture. An old infarct on the left.");
  assert.equal((await read(radiographer, study)).draft, null);
  const added = (await sign(radiologist, study, "addendum")).json<Report>();
  assert.deepEqual(
    added.versions.map(({ status }) => status),
    ["preliminary", "final", "addendum"],
  );
  const { rows } = await database.owner.query<{ version: number; status: string }>(
    "select version, status from report_version where study = $1 order by version",
    [study.id],
  );
  assert.deepEqual(
    rows.map(({ status }) => status),
    ["draft", "draft", "preliminary", "draft", "final", "draft", "addendum"],
  );
});

test("signing without anything new to sign is refused", async () => {
  const study = await aStudy(world, clinic);
  const answer = await sign(radiologist, study, "final");
  assert.equal(answer.statusCode, 409);
  assert.equal(answer.json<{ code: string }>().code, "state.conflict");
  await write(radiologist, study, "Normal.");
  await sign(radiologist, study, "final");
  assert.equal((await sign(radiologist, study, "addendum")).statusCode, 409, "an addendum says something new");
});

test("the same draft saved again makes no new version", async () => {
  const study = await aStudy(world, clinic);
  await write(radiologist, study, "Normal.");
  await write(radiologist, study, "Normal.");
  const { rows } = await database.owner.query("select from report_version where study = $1", [study.id]);
  assert.equal(rows.length, 1);
});

test("colleagues read what is signed and see nothing of a draft", async () => {
  const study = await aStudy(world, clinic);
  await write(radiologist, study, "Perhaps a mass?");
  const before = await read(radiographer, study);
  assert.deepEqual([before.status, before.text.findings], ["none", ""]);
  assert.deepEqual(before.can.edit, { allowed: false, because: "role" });
  await sign(radiologist, study, "preliminary");
  await write(radiologist, study, "A mass, surely?");
  const after = await read(radiographer, study);
  assert.deepEqual([after.status, after.text.findings], ["preliminary", "Perhaps a mass?"]);
  const refused = await write(radiographer, study, "Nothing at all.");
  assert.equal(refused.statusCode, 404);
  const entries = await record(clinic, "report.draft");
  assert.ok(entries.some((entry) => entry.actor === radiographer.id && entry.outcome === "refused"));
});

test("a reader of another organisation reports under a grant with that right, on the owner's record", async () => {
  const study = await aStudy(world, clinic);
  assert.equal((await ask(reader, "GET", study)).statusCode, 404);
  await share(study, ["view"], { withReport: false });
  assert.equal((await ask(reader, "GET", study)).statusCode, 404, "images only");
  assert.equal((await write(reader, study, "Mine.")).statusCode, 404);
  const { grant } = await share(study, ["view", "report"], { withReport: false });
  assert.equal((await write(reader, study, "A small bleed.")).statusCode, 200);
  const signed = (await sign(reader, study, "final")).json<Report>();
  assert.equal(signed.status, "final");
  assert.match(signed.author, /^Colleague \d+$/);
  const owners = await read(radiologist, study);
  assert.deepEqual([owners.text.findings, owners.author], ["A small bleed.", signed.author]);
  const entry = (await record(clinic, "report.sign")).find(({ study: id }) => id === study.id);
  assert.deepEqual([entry?.actor, entry?.outcome, entry?.because], [reader.id, "done", "grant"]);
  await revokeGrant(world, radiologist, { id: grant });
  assert.equal((await write(reader, study, "Once more.")).statusCode, 404);
});

test("a stranger's attempt is answered as if there were no such study and stays on the stranger's own record", async () => {
  const study = await aStudy(world, clinic);
  assert.equal((await write(reader, study, "Mine.")).statusCode, 404);
  assert.equal((await ask(reader, "GET", study, ".pdf")).statusCode, 404);
  const nobody = await ask({ ...radiologist, id: "nobody" } as Actor, "GET", { ...study, id: "not-an-id" });
  assert.equal(nobody.statusCode, 404);
  const own = await record(readers, "report.draft");
  assert.ok(own.some(({ outcome, because }) => outcome === "refused" && because === "no-grant"));
});

test("the record of a signing holds the hash of what was signed", async () => {
  const study = await aStudy(world, clinic);
  await write(radiologist, study, "Normal.");
  await sign(radiologist, study, "final");
  const entry = (await record(clinic, "report.sign")).find(({ study: id }) => id === study.id);
  assert.ok(entry);
  const detail = await database.read({ organisation: clinic, person: null }, async (tx) => {
    const { rows } = await sql<{
      sealed: Buffer;
    }>`select sealed from ledger_detail where organisation = ${clinic} and entry = ${entry.id}`.execute(tx);
    return openDetail(tx, world.keyring, clinic, entry.id, rows[0]?.sealed ?? Buffer.alloc(0));
  });
  const { rows } = await database.owner.query<{ content_sha256: Buffer }>(
    "select content_sha256 from report_version where study = $1 and status = 'final'",
    [study.id],
  );
  assert.deepEqual(detail, { version: 2, status: "final", sha256: rows[0]?.content_sha256.toString("hex") });
});

test("what was signed can be neither changed nor removed by the serving role", async () => {
  const study = await aStudy(world, clinic);
  await write(radiologist, study, "Normal.");
  await sign(radiologist, study, "final");
  const scope = { organisation: clinic, person: radiologist.id };
  for (const change of [sql`update report_version set sealed = 'x'`, sql`delete from report_version`])
    await assert.rejects(database.transaction(scope, (tx) => change.execute(tx)));
});

test("a report lies sealed, and erasing the study's key erases it", async () => {
  const study = await aStudy(world, clinic);
  await write(radiologist, study, "Unmistakable words");
  await sign(radiologist, study, "final");
  const { rows } = await database.owner.query<{ row: string }>(
    "select r::text as row, encode(r.sealed, 'escape') as sealed from report_version r where study = $1",
    [study.id],
  );
  assert.ok(!JSON.stringify(rows).includes("Unmistakable"));
  await database.owner.query(
    "delete from key_group g using study s where s.organisation = g.organisation and s.key_group = g.id and s.id = $1",
    [study.id],
  );
  assert.equal((await ask(radiologist, "GET", study)).statusCode, 410);
});

test("a patient's link shows the final report or its addendum, and only where it was shared", async () => {
  const study = await aStudy(world, clinic);
  const link = async (withReport: boolean) => {
    const shared = await shareStudy(world, radiologist, {
      owner: clinic,
      study: study.id,
      subject: { kind: "link", recipient: "Ayanda", toPatient: true },
      purpose: "patient-request",
      basis: { kind: "own-care" },
      rights: ["view"],
      challenge: { kind: "password", password: "long enough" },
      withReport,
    });
    const rights: Right[] = ["view"];
    return linkActor({ id: shared.link?.id ?? "", organisation: clinic, rights, purpose: "patient-request" }, "s");
  };
  const [patient, without] = [await link(true), await link(false)];
  await write(radiologist, study, "Preliminary words.");
  await sign(radiologist, study, "preliminary");
  assert.equal(await reportForPatient(world, patient, clinic, study.id), null);
  await sign(radiologist, study, "final");
  await write(radiologist, study, "A draft of an addendum.");
  const shown = await reportForPatient(world, patient, clinic, study.id);
  assert.deepEqual([shown?.status, shown?.text.findings], ["final", "Preliminary words."]);
  assert.equal(await reportForPatient(world, without, clinic, study.id), null);
  assert.equal(await reportForPatient(world, systemActor(readers, "s"), clinic, study.id), null);
});

test("the PDF is sent for what is signed only, and reading it is on the record", async () => {
  const study = await aStudy(world, clinic);
  assert.equal((await ask(radiologist, "GET", study, ".pdf")).statusCode, 409);
  await write(radiologist, study, "Normal.");
  await sign(radiologist, study, "final");
  const answer = await ask(radiologist, "GET", study, ".pdf");
  assert.equal(answer.headers["content-type"], "application/pdf");
  assert.equal(answer.rawPayload.subarray(0, 5).toString(), "%PDF-");
  assert.ok((await record(clinic, "report.download")).some(({ study: id }) => id === study.id));
});

test("two who write at once get versions of their own", async () => {
  const study = await aStudy(world, clinic);
  const answers = await Promise.all([1, 2, 3, 4].map((n) => write(radiologist, study, `Draft ${n}`)));
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [200, 200, 200, 200],
  );
  const { rows } = await database.owner.query<{ version: number }>(
    "select version from report_version where study = $1 order by version",
    [study.id],
  );
  assert.deepEqual(
    rows.map(({ version }) => version),
    [1, 2, 3, 4],
  );
});
