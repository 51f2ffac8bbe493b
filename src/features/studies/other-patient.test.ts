import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { LinkStudy } from "#contract/sharing.ts";
import { type Actor, scopeOf, systemActor } from "#features/audit/actor.ts";
import { receiveInstance } from "#features/studies/actions.ts";
import { importFile } from "#features/studies/import/one-file.ts";
import { Indexer } from "#features/studies/indexer.ts";
import { listedStudy, priorStudies } from "#features/studies/list-queries.ts";
import { namesakes } from "#features/studies/patient-queries.ts";
import { receiveBody } from "#features/studies/upload/receive.ts";
import { Fault } from "#kit/fault.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import type { Database } from "#platform/postgres/db.ts";
import type { Attributes } from "#standards/dicom/build.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation } from "../../../test/support/people.ts";
import {
  aBrowser,
  aColleague,
  anImage,
  aStudy,
  type Caller,
  type SharingHouse,
  sharingHouse,
} from "../../../test/support/sharing.ts";
import { zipOf } from "../../../test/support/zip.ts";

/** Two people under one Patient ID or one Study Instance UID stay two people, on every way in and out. */
const AYANDA = { PatientName: "Nkosi^Ayanda", PatientBirthDate: "19870419", PatientSex: "F" };
const STRANGER = { PatientName: "Other^Peter", PatientBirthDate: "19500101", PatientSex: "M" };

let database: Database;
let house: SharingHouse;
let clinic: string;
let who: Actor;
let colleague: Actor;
let reader: Caller;

before(async () => {
  database = await testDatabase();
  house = await sharingHouse(database);
  clinic = await anOrganisation(house.world);
  who = systemActor(clinic, "test");
  const radiologist = await aColleague(house.world, clinic);
  colleague = radiologist;
  reader = house.as(radiologist);
});

let numbers = 0;
const aNumber = (): string => `ID-${++numbers}`;
const aUid = (): string => `2.25.${process.pid}7${Date.now()}${++numbers}`;

function fileOf(study: string, about: Attributes, instance = aUid()): Uint8Array {
  const image = anImage(16);
  return instanceOf(image.sopClass, instance, {
    ...{ StudyInstanceUID: study, StudyDate: "20261120", SeriesInstanceUID: `${study}.1`, Modality: "CT" },
    ...image.attributes,
    ...about,
  }).part10;
}

async function* bytesOf(file: Uint8Array): AsyncGenerator<Uint8Array> {
  yield file;
}

const receive = (file: Uint8Array, world = house.world) =>
  receiveInstance(world, who, { bytes: bytesOf(file), bare: null, source: "test" });

const isConflict = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === "patient.conflict";

const rows = async <Row>(text: string, values: readonly unknown[]): Promise<Row[]> =>
  (await database.owner.query(text, [...values])).rows as Row[];

const patientsUnder = (patientId: string) =>
  rows<{ id: string; name: string; studies: number }>(
    `select p.id, p.name, (select count(*) from study s where s.organisation = p.organisation and s.patient = p.id)::int as studies
     from patient p where organisation = $1 and patient_id = $2 order by namesake`,
    [clinic, patientId],
  );

/** What the study list says of a study and its patient. */
const detailOf = (study: string) =>
  database.read(scopeOf(who), async (tx) => {
    const row = await listedStudy(tx, colleague, clinic, study);
    const others = await priorStudies(tx, colleague, clinic, study);
    return {
      ...{ instanceCount: row?.instance_count, seriesCount: row?.series_count, priors: row?.priors },
      ...{ priorStudies: others.map(({ id }) => id), namesakes: await namesakes(tx, clinic, study) },
    };
  });

/** Blobs that are on the disk beyond those an index row or the quarantine knows. */
async function strays(): Promise<number> {
  const known = await rows<{ blob: string }>("select blob from instance union all select blob from quarantine", []);
  return (await Array.fromAsync(house.world.blobs.list())).length - known.length;
}

test("a stranger under the same Patient ID is a patient of their own, is told and on the record, and nobody's prior", async () => {
  const PatientID = aNumber();
  const old = await aStudy(house.world, clinic, [anImage()], { PatientID, ...STRANGER, StudyDate: "20250101" });
  const study = await aStudy(house.world, clinic, [anImage()], { PatientID, ...AYANDA });
  assert.notEqual(study.patient, old.patient);
  const detail = await detailOf(study.id);
  assert.deepEqual([detail.priors, detail.priorStudies, detail.namesakes], [0, [], 1]);
  const entries = await rows(
    "select outcome, because, patient, study from ledger_entry where organisation = $1 and action = 'patient.apart' and study = any($2::uuid[])",
    [clinic, [study.id, old.id]],
  );
  assert.deepEqual(entries, [{ outcome: "done", because: "same-id", patient: study.patient, study: study.id }]);
  const later = await aStudy(house.world, clinic, [anImage()], { PatientID, ...AYANDA, PatientName: "DLAMINI^AYANDA" });
  const hisLater = await aStudy(house.world, clinic, [anImage()], { PatientID, ...STRANGER, PatientSex: "" });
  assert.deepEqual([later.patient, hisLater.patient], [study.patient, old.patient], "each finds whom they agree with");
  assert.deepEqual((await detailOf(later.id)).priorStudies, [study.id]);
});

test("a study without any of it joins neither of two people under its ID, and one alone", async () => {
  const nobody = { PatientName: "", PatientBirthDate: "", PatientSex: "" };
  const alone = aNumber();
  const known = await aStudy(house.world, clinic, [anImage()], { PatientID: alone, ...AYANDA });
  assert.equal(
    (await aStudy(house.world, clinic, [anImage()], { PatientID: alone, ...nobody })).patient,
    known.patient,
  );
  const PatientID = aNumber();
  const two = [AYANDA, STRANGER].map((person) => aStudy(house.world, clinic, [anImage()], { PatientID, ...person }));
  const patients = (await Promise.all(two)).map(({ patient }) => patient);
  const [first, second] = [
    await aStudy(house.world, clinic, [anImage()], { PatientID, ...nobody }),
    await aStudy(house.world, clinic, [anImage()], { PatientID, ...nobody }),
  ];
  assert.ok(!patients.includes(first.patient));
  assert.equal(second.patient, first.patient);
});

test("whoever was nameless at first and is named by a second study is not the stranger of a third", async () => {
  const PatientID = aNumber();
  const trauma = { PatientName: "TRAUMA^7", PatientBirthDate: "", PatientSex: "" };
  const first = await aStudy(house.world, clinic, [anImage()], { PatientID, ...trauma });
  const named = await aStudy(house.world, clinic, [anImage()], { PatientID, ...AYANDA });
  const stranger = await aStudy(house.world, clinic, [anImage()], { PatientID, ...STRANGER });
  assert.equal(named.patient, first.patient);
  assert.notEqual(stranger.patient, first.patient);
});

test("contradicting studies that arrive at once, by several nodes, become two patients, and every one finds its own", async () => {
  const PatientID = aNumber();
  const nodes = [house.world, { ...house.world, indexer: new Indexer(house.world) }];
  const files = Array.from({ length: 12 }, (_, at) =>
    fileOf(aUid(), { PatientID, ...(at % 2 === 0 ? AYANDA : STRANGER) }),
  );
  await Promise.all(files.map((file, at) => receive(file, nodes[at % 3 === 0 ? 0 : 1])));
  const found = (await patientsUnder(PatientID)).map(({ name, studies }) => [name, studies]).sort();
  assert.deepEqual(found, [
    [AYANDA.PatientName, 6],
    [STRANGER.PatientName, 6],
  ]);
});

test("an object of another patient in a study is quarantined: answered, recorded, in no study, and without a patient left behind", async () => {
  const study = await aStudy(house.world, clinic, [anImage()], { PatientID: aNumber(), ...AYANDA });
  const PatientID = aNumber();
  const other = fileOf(study.uid, { PatientID, ...STRANGER }, `${study.uid}.7`);
  await assert.rejects(receive(other), isConflict);
  assert.deepEqual(await patientsUnder(PatientID), []);
  const { instanceCount, seriesCount } = await detailOf(study.id);
  assert.deepEqual([instanceCount, seriesCount], [1, 1]);
  const [kept] = await rows<{ id: string; group: string }>(
    "select id, key_group as group from quarantine where sop_instance_uid = $1 and reason = 'other-patient'",
    [`${study.uid}.7`],
  );
  const [row] = await rows<{ key_group: string }>("select key_group from study where id = $1", [study.id]);
  assert.ok(kept && kept.group !== row?.key_group, "erasing the study leaves the stranger's object");
  const entries = await rows(
    "select outcome, because, patient from ledger_entry where action = 'instance.receive' and subject = $1",
    [kept.id],
  );
  assert.deepEqual(entries, [{ outcome: "refused", because: "other-patient", patient: study.patient }]);
  assert.equal(await strays(), 0);
});

test("a study's own objects go on beside a stranger's in one batch, and again they are here already", async () => {
  const PatientID = aNumber();
  const study = aUid();
  const own = Array.from({ length: 6 }, () => fileOf(study, { PatientID, ...AYANDA }));
  const strange = fileOf(study, { PatientID, ...STRANGER });
  await receive(own[0] ?? strange);
  const settled = await Promise.allSettled([...own, strange, strange, ...own.slice(0, 2)].map((file) => receive(file)));
  const said = settled.map((one) => (one.status === "fulfilled" ? one.value.is : isConflict(one.reason)));
  assert.deepEqual(said.slice(6, 8), [true, true]);
  assert.deepEqual(said.filter((one) => typeof one === "string").sort(), [
    "already-here",
    "already-here",
    "already-here",
    "stored",
    "stored",
    "stored",
    "stored",
    "stored",
  ]);
  assert.equal((await receive(own[3] ?? strange)).is, "already-here");
  assert.equal(await strays(), 0);
});

test("a typing error in one field does not part an object from its study", async () => {
  const PatientID = aNumber();
  const study = aUid();
  for (const about of [
    AYANDA,
    { ...AYANDA, PatientName: "NKOSI^A" },
    { ...AYANDA, PatientBirthDate: "19870418" },
    { ...AYANDA, PatientSex: "M" },
    { ...AYANDA, PatientID: "OTHER-1" },
    { PatientName: "", PatientBirthDate: "", PatientSex: "", PatientID: "" },
  ])
    assert.equal((await receive(fileOf(study, { PatientID, ...about }))).is, "stored");
});

test("what a study's first object left out its second one says, and then a third one contradicts it", async () => {
  const PatientID = aNumber();
  const study = aUid();
  await receive(fileOf(study, { PatientID }));
  await receive(fileOf(study, { PatientID, ...AYANDA }));
  await assert.rejects(receive(fileOf(study, { PatientID, ...STRANGER })), isConflict);
  const [row] = await rows("select patient_name, birth_date, sex from study where study_uid = $1", [study]);
  assert.deepEqual(row, { patient_name: "Nkosi^Ayanda", birth_date: "19870419", sex: "F" });
});

test("upload and import name the patient as the reason, and go on with the next file", async () => {
  const PatientID = aNumber();
  const study = aUid();
  const [own, strange, more] = [AYANDA, STRANGER, AYANDA].map((about) => fileOf(study, { PatientID, ...about }));
  assert.ok(own && strange && more);
  const needs = { world: house.world, who, source: "import" };
  const one = (name: string, file: Uint8Array) => ({ name, among: false, open: () => bytesOf(file) });
  assert.equal((await importFile(needs, one("own", own))).outcome, "stored");
  const refused = await importFile(needs, one("strange", strange));
  assert.deepEqual([refused.outcome, refused.code, refused.studyId], ["refused", "patient.conflict", undefined]);
  const zip = await zipOf({ "strange.dcm": fileOf(study, { PatientID, ...STRANGER }), "more.dcm": more });
  const files = await receiveBody({ ...needs, source: "web" }, "a.zip", bytesOf(zip));
  assert.deepEqual(files.map(({ name, outcome, code }) => [name, outcome, code]).sort(), [
    ["more.dcm", "stored", undefined],
    ["strange.dcm", "refused", "patient.conflict"],
  ]);
});

test("a link with priors opens those of surely the same person alone, and whoever shares reads whose they are", async () => {
  const PatientID = aNumber();
  const before = { PatientID, StudyDate: "20250101" };
  const strange = await aStudy(house.world, clinic, [anImage()], { ...before, ...STRANGER });
  const study = await aStudy(house.world, clinic, [anImage()], { PatientID, ...AYANDA });
  const capitals = await aStudy(house.world, clinic, [anImage()], {
    ...before,
    ...AYANDA,
    PatientName: "NKOSI^AYANDA THANDI",
  });
  const nameless = await aStudy(house.world, clinic, [anImage()], {
    ...{ PatientID, StudyDate: "20240101", PatientName: "ANON", PatientSex: "F", PatientBirthDate: "" },
  });
  const otherDate = await aStudy(house.world, clinic, [anImage()], {
    ...before,
    ...AYANDA,
    PatientBirthDate: "19580730",
  });
  for (const { patient } of [capitals, otherDate]) assert.equal(patient, study.patient);
  assert.ok(![study.patient, strange.patient].includes(nameless.patient), "an equal sex joins nobody");
  const proposal = {
    subject: { kind: "link", recipient: "Ayanda", toPatient: true },
    ...{ purpose: "patient-request", basis: { kind: "own-care" }, withPriors: true },
    challenge: { kind: "password", password: "correct-horse-1" },
  };
  const verdict = (await reader.post(`/api/studies/${clinic}/${study.id}/share/verdict`, proposal)).json<{
    sentences: { key: string; values: Record<string, string> }[];
  }>();
  assert.deepEqual(
    verdict.sentences.filter(({ key }) => /prior/.test(key)),
    [
      { key: "share.leaves.priors", values: { count: "1" } },
      { key: "share.leaves.prior", values: { name: "NKOSI^AYANDA THANDI", born: "1987-04-19", date: "2025-01-01" } },
      { key: "share.stays.priors", values: { count: "1" } },
    ],
  );
  const made = await reader.post(`/api/studies/${clinic}/${study.id}/share`, proposal);
  const browser = aBrowser(house);
  const secret = made.json<{ link: { url: string } }>().link.url.split("#")[1];
  const opened = await browser.post("/api/link/open", { secret, answer: "correct-horse-1" });
  assert.deepEqual(
    opened.json<LinkStudy>().priors.map(({ id }) => id),
    [capitals.id],
  );
  for (const { id } of [strange, nameless, otherDate])
    assert.equal((await browser.get(`/api/link/study?study=${id}`)).statusCode, 404);
});

test("strangers whom an earlier version took for one patient do not go along as priors either", async () => {
  const [study, strange] = [
    await aStudy(house.world, clinic, [anImage()], { PatientID: aNumber(), ...AYANDA }),
    await aStudy(house.world, clinic, [anImage()], { PatientID: aNumber(), ...STRANGER, StudyDate: "20250101" }),
  ];
  await rows("update study set patient = $1 where id = $2", [study.patient, strange.id]);
  const verdict = await reader.post(`/api/studies/${clinic}/${study.id}/share/verdict`, {
    subject: { kind: "link", recipient: "Ayanda", toPatient: true },
    ...{ purpose: "patient-request", basis: { kind: "own-care" }, withPriors: true },
    challenge: { kind: "birth-date" },
  });
  const { sentences } = verdict.json<{ sentences: { key: string; values: Record<string, string> }[] }>();
  assert.deepEqual(
    sentences.filter(({ key }) => /prior/.test(key)),
    [
      { key: "share.leaves.priors", values: { count: "0" } },
      { key: "share.stays.priors", values: { count: "1" } },
    ],
  );
});
