import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Report, ReportRead } from "#contract/studies.ts";
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

const read = async (who: Actor, study: TestStudy) => (await ask(who, "GET", study)).json<Report>();
/** What somebody has before them: the draft where there is one, else the report; of a text nobody may read, nothing that holds. */
async function seen(who: Actor, study: TestStudy): Promise<ReportRead> {
  const { version = 0, sha256, draft = null } = (await read(who, study)) as Partial<Report>;
  return { version: draft?.version ?? version, sha256: draft?.sha256 ?? sha256 ?? "0".repeat(64) };
}
const save = (who: Actor, study: TestStudy, base: number, findings: string) =>
  ask(who, "PUT", study, "", { base, findings });
const write = async (who: Actor, study: TestStudy, findings: string) =>
  save(who, study, (await seen(who, study)).version, findings);
const signRead = (who: Actor, study: TestStudy, status: string, what: ReportRead) =>
  ask(who, "POST", study, "/sign", { status, ...what });
const sign = async (who: Actor, study: TestStudy, status: string) =>
  signRead(who, study, status, await seen(who, study));
const takeOver = (who: Actor, study: TestStudy, what: ReportRead) => ask(who, "POST", study, "/take-over", what);
const why = ({ json }: { json: <T>() => T }) => {
  const { code, place } = json<{ code: string; place?: string }>();
  return `${code} ${place}`;
};

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

const detailOf = (entry: string) =>
  database.read({ organisation: clinic, person: null }, async (tx) => {
    const { rows } = await sql<{
      sealed: Buffer;
    }>`select sealed from ledger_detail where organisation = ${clinic} and entry = ${entry}`.execute(tx);
    return openDetail(tx, world.keyring, clinic, entry, rows[0]?.sealed ?? Buffer.alloc(0));
  });

test("an empty report is signed by nobody, nor one of blanks", async () => {
  const study = await aStudy(world, clinic);
  assert.equal((await write(radiologist, study, "x")).statusCode, 200);
  assert.equal((await write(radiologist, study, " \n")).statusCode, 200);
  for (const status of ["final", "preliminary"]) {
    const refused = await sign(radiologist, study, status);
    assert.equal(refused.statusCode, 409, refused.body);
    assert.match(refused.body, /nothing new to sign/);
  }
  assert.equal((await write(radiologist, study, "No fracture.")).statusCode, 200);
  assert.equal((await sign(radiologist, study, "final")).statusCode, 200);
});

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
  assert.equal(adding.draft?.text.findings, "No bleeding. No fracture. An old infarct on the left.");
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

test("the record of a signing holds the hash of what was signed, and which draft was read", async () => {
  const study = await aStudy(world, clinic);
  await write(radiologist, study, "Normal.");
  const draft = await seen(radiologist, study);
  await sign(radiologist, study, "final");
  const entry = (await record(clinic, "report.sign")).find(({ study: id }) => id === study.id);
  assert.ok(entry);
  const detail = await detailOf(entry.id);
  const { rows } = await database.owner.query<{ content_sha256: Buffer }>(
    "select content_sha256 from report_version where study = $1 and status = 'final'",
    [study.id],
  );
  const sha256 = rows[0]?.content_sha256.toString("hex");
  assert.deepEqual(detail, { version: 2, status: "final", sha256, read: draft });
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

const versionsIn = async (study: TestStudy) => {
  const { rows } = await database.owner.query<{ version: number; status: string; author: string }>(
    "select version, status, author from report_version where study = $1 order by version",
    [study.id],
  );
  return rows;
};

test("of four tabs that save at once one is kept; the others are told that the report moved on", async () => {
  const study = await aStudy(world, clinic);
  const answers = await Promise.all([1, 2, 3, 4].map((n) => save(radiologist, study, 0, `Draft ${n}`)));
  const refused = answers.filter(({ statusCode }) => statusCode !== 200);
  assert.deepEqual(refused.map(why), Array(3).fill("state.conflict report-changed"));
  const kept = answers.find(({ statusCode }) => statusCode === 200)?.json<ReportRead>();
  assert.deepEqual(kept, await seen(radiologist, study), "a save answers with what it kept itself");
  assert.equal((await versionsIn(study)).length, 1);
});

test("a save that goes on from an older version is refused, and from the newest taken", async () => {
  const study = await aStudy(world, clinic);
  const [first] = [(await save(radiologist, study, 0, "One")).json<ReportRead>()];
  const second = (await save(radiologist, study, first.version, "One, two")).json<ReportRead>();
  for (const base of [0, first.version, second.version + 1])
    assert.equal(why(await save(radiologist, study, base, "Three")), "state.conflict report-changed", `${base}`);
  assert.equal((await read(radiologist, study)).text.findings, "One, two");
  assert.equal((await save(radiologist, study, 0, "One, two")).statusCode, 200, "the same words again lose nothing");
  assert.equal((await save(radiologist, study, second.version, "Three")).statusCode, 200);
  assert.equal((await ask(radiologist, "PUT", study, "", { findings: "Four" })).statusCode, 400);
});

test("nobody signs a text that they did not read", async () => {
  const study = await aStudy(world, clinic);
  const own = (await save(radiologist, study, 0, "Normal.")).json<ReportRead>();
  const other = await aColleague(world, clinic);
  await takeOver(other, study, own);
  await write(other, study, "Operate now.");
  assert.equal(why(await signRead(radiologist, study, "final", own)), "state.conflict draft-of-another");
  const theirs = await seen(other, study);
  const wrong: ReportRead[] = [own, { ...theirs, sha256: own.sha256 }, { ...theirs, version: own.version }];
  for (const what of wrong)
    assert.equal(why(await signRead(other, study, "final", what)), "state.conflict report-changed");
  assert.equal((await ask(other, "POST", study, "/sign", { status: "final" })).statusCode, 400);
  assert.ok((await versionsIn(study)).every(({ status }) => status === "draft"));
  const signed = (await signRead(other, study, "final", theirs)).json<Report>();
  assert.deepEqual([signed.status, signed.text.findings], ["final", "Operate now."]);
});

test("a preliminary report is signed as final by a colleague who names what it says", async () => {
  const study = await aStudy(world, clinic);
  await write(radiologist, study, "Perhaps a mass.");
  await sign(radiologist, study, "preliminary");
  const other = await aColleague(world, clinic);
  const before = await seen(other, study);
  await write(radiologist, study, "A mass.");
  assert.equal(why(await signRead(other, study, "final", before)), "state.conflict draft-of-another");
  await sign(radiologist, study, "preliminary");
  assert.equal(why(await signRead(other, study, "final", before)), "state.conflict report-changed");
  const signed = (await sign(other, study, "final")).json<Report>();
  assert.deepEqual([signed.status, signed.text.findings, signed.author], ["final", "A mass.", await nameOf(other)]);
});

const nameOf = async (who: Actor): Promise<string | undefined> =>
  (await database.owner.query<{ name: string }>("select display_name as name from person where id = $1", [who.id]))
    .rows[0]?.name;

test("a draft is its author's: a partner with the right to report neither saves over it nor signs it, and takes it over on the record", async () => {
  const study = await aStudy(world, clinic);
  await share(study, ["view", "report"], { withReport: false });
  await write(radiologist, study, "Normal.");
  const shown = await read(reader, study);
  assert.deepEqual(shown.can.edit, { allowed: false, because: "draft-of-another" });
  assert.deepEqual(
    [shown.can.takeOver.allowed, shown.draft?.mine, shown.draft?.text.findings],
    [true, false, "Normal."],
  );
  const draft = await seen(reader, study);
  assert.equal(why(await save(reader, study, draft.version, "Operate now.")), "state.conflict draft-of-another");
  assert.equal(why(await save(reader, study, draft.version, "Normal.")), "state.conflict draft-of-another");
  assert.equal(why(await signRead(reader, study, "final", draft)), "state.conflict draft-of-another");
  assert.equal(why(await takeOver(radiologist, study, draft)), "state.conflict draft-own");
  assert.equal((await takeOver(radiographer, study, draft)).statusCode, 404);

  const taken = (await takeOver(reader, study, draft)).json<Report>();
  assert.deepEqual([taken.draft?.mine, taken.draft?.text.findings, taken.can.edit.allowed], [true, "Normal.", true]);
  const entry = (await record(clinic, "report.take-over")).findLast(({ outcome }) => outcome === "done");
  assert.deepEqual([entry?.actor, entry?.study], [reader.id, study.id]);
  assert.deepEqual(await detailOf(entry?.id ?? ""), { from: radiologist.id, read: draft, version: draft.version + 1 });
  assert.equal(why(await save(radiologist, study, draft.version, "Mine!")), "state.conflict draft-of-another");
  assert.equal((await write(reader, study, "Operate now.")).statusCode, 200);
  assert.deepEqual(
    (await versionsIn(study)).map(({ author }) => author),
    [radiologist.id, reader.id, reader.id],
  );
});

test("only what was shown is taken over, once, and not where nothing is drafted", async () => {
  const study = await aStudy(world, clinic);
  const first = (await save(radiologist, study, 0, "One")).json<ReportRead>();
  await save(radiologist, study, first.version, "Two");
  const [one, two] = [await aColleague(world, clinic), await aColleague(world, clinic)];
  assert.equal(why(await takeOver(one, study, first)), "state.conflict report-changed");
  const draft = await seen(one, study);
  const answers = await Promise.all([one, two].map((who) => takeOver(who, study, draft)));
  assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, 409]);
  const owner = answers[0]?.statusCode === 200 ? one : two;
  await sign(owner, study, "final");
  assert.equal(why(await takeOver(radiologist, study, draft)), "state.conflict no-draft");
});

test("a signature and a save at the same moment: the signed text is the one that was read", async () => {
  for (let round = 0; round < 4; round++) {
    const study = await aStudy(world, clinic);
    const draft = (await save(radiologist, study, 0, "Read.")).json<ReportRead>();
    const [signed, saved, again] = await Promise.all([
      signRead(radiologist, study, "final", draft),
      save(radiologist, study, draft.version, "Not read."),
      signRead(radiologist, study, "final", draft),
    ]);
    const codes = [signed, saved, again].map(({ statusCode }) => statusCode);
    assert.equal(codes.filter((code) => code === 200).length, 1, String(codes));
    const { status, text } = await read(radiologist, study);
    assert.deepEqual([status, text.findings], saved.statusCode === 200 ? ["draft", "Not read."] : ["final", "Read."]);
  }
});
