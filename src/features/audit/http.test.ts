import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AuditPage, LedgerState } from "#contract/audit.ts";
import type { Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import { addAuditHttp } from "#features/audit/http.ts";
import { settleLedger } from "#features/audit/ledger/sequencer.ts";
import { WitnessFolder } from "#features/audit/ledger/witness.ts";
import { recordEntry } from "#features/audit/record.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import { verifyExport } from "#trust/ledger/export.ts";
import { verifyInclusion } from "#trust/ledger/proof.ts";
import { parseVerifier } from "#trust/ledger/signing.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation, aPerson, peopleHouse, type TestPerson } from "../../../test/support/people.ts";

const database = await testDatabase();
const house = peopleHouse(database);
const folder = mkdtempSync(join(tmpdir(), "safelight-audit-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const witness = new WitnessFolder(folder);
let asking: Actor | null = null;
addAuditHttp(house.app, { world: house.world, witness, authenticate: async () => asking });
function as(person: TestPerson, role: Role): Actor {
  return {
    kind: "person",
    id: person.id,
    organisation: person.organisation,
    roles: [role],
    purpose: "audit",
    session: uuidv7(),
  };
}

const get = (url: string) => house.app.inject({ method: "GET", url, headers: { host: "localhost:8080" } });

async function clinic() {
  const organisation = await anOrganisation(house.world);
  const officer = await aPerson(house, organisation, "privacy-officer");
  const reader = await aPerson(house, organisation, "radiologist");
  const [patient, study] = [uuidv7(), uuidv7()];
  await database.owner.query(
    "insert into patient (organisation, id, patient_id, name) values ($1, $2, 'P-77', 'Moyo^Tendai')",
    [organisation, patient],
  );
  const key = await database.transaction({ organisation, person: null }, (tx) =>
    house.world.keyring.newGroup(tx, organisation),
  );
  await database.owner.query(
    "insert into study (organisation, id, study_uid, patient, key_group, description) values ($1, $2, $3, $4, $5, 'CT head')",
    [organisation, study, `2.25.${BigInt(`0x${study.replaceAll("-", "")}`)}`, patient, key.id],
  );
  for (const action of ["study.view", "study.download"] as const) {
    await database.transaction({ organisation, person: reader.id }, (tx) =>
      recordEntry(
        { tx, now: tx.now, keyring: house.world.keyring },
        { ...as(reader, "radiologist"), purpose: "care" } as Actor,
        {
          organisation,
          action,
          outcome: "done",
          because: "own-care",
          patient,
          study,
          detail: { frames: 12 },
        },
      ),
    );
  }
  return { organisation, officer, reader, patient, study };
}

test("who saw which patient's images when, by which right, is one question, and asking it is on the record", async () => {
  const { officer, organisation } = await clinic();
  asking = as(officer, "privacy-officer");
  const response = await get("/api/audit?patient=tendai%20moyo&action=study.view");
  assert.equal(response.statusCode, 200, response.body);
  const page = AuditPage.parse(response.json());
  assert.equal(page.items.length, 1);
  const [row] = page.items;
  assert.match(row?.actorName ?? "", /^Person \d+$/);
  assert.deepEqual(
    [row?.patientName, row?.studyDescription, row?.purpose, row?.because, row?.detail],
    ["Moyo^Tendai", "CT head", "care", "own-care", { frames: 12 }],
  );
  await get("/api/audit?patient=tendai%20moyo&action=study.view");
  const { rows } = await database.owner.query(
    "select outcome from ledger_entry where organisation = $1 and action = 'audit.search'",
    [organisation],
  );
  assert.deepEqual(
    rows,
    [{ outcome: "done" }],
    "one entry for one question, however often it is asked within 15 minutes",
  );
});

test("the record is paged by key without a gap or a repeat, and filters by person, identifier, study and day", async () => {
  const { officer, reader, study, patient } = await clinic();
  asking = as(officer, "auditor");
  const seen: string[] = [];
  for (let next = ""; ; ) {
    const page = AuditPage.parse((await get(`/api/audit?limit=2${next && `&after=${next}`}`)).json());
    seen.push(...page.items.map(({ id }) => id));
    if (page.next === undefined) break;
    next = page.next;
  }
  assert.ok(seen.length >= 3);
  assert.equal(new Set(seen).size, seen.length);
  const count = async (query: string) => AuditPage.parse((await get(`/api/audit?${query}`)).json()).items.length;
  const day = new Date().toISOString().slice(0, 10);
  assert.equal(await count("patient=P-77"), 2);
  assert.equal(await count(`patient=${patient}&person=${reader.email}`), 2);
  assert.equal(await count(`study=${study}&from=${day}&to=${day}`), 2);
  assert.equal(await count(`study=${study}&to=2020-01-01`), 0);
  assert.equal(await count(`study=${study}&action=study.view`), 1);
  assert.equal(await count(`study=${study}&action=study.view,study.download,link.open`), 2, "any of several actions");
  assert.equal(await count("patient=%25"), 0, "a wildcard is a character");
  assert.equal((await get("/api/audit?after=x")).statusCode, 400);
});

test("nobody else reads the record: roles of care, machines, strangers, and no other organisation", async () => {
  const { officer, reader, organisation } = await clinic();
  const other = await clinic();
  for (const [who, status] of [
    [as(reader, "radiologist"), 403],
    [
      {
        kind: "token",
        id: uuidv7(),
        organisation,
        scopes: ["admin"],
        purpose: "operations",
        session: uuidv7(),
      } as Actor,
      403,
    ],
    [null, 401],
  ] as const) {
    asking = who;
    for (const path of ["/api/audit", "/api/audit/proof", "/api/audit/export"])
      assert.equal((await get(path)).statusCode, status, path);
  }
  asking = as(other.officer, "privacy-officer");
  assert.ok(!(await get("/api/audit")).body.includes(reader.id));
  asking = as(officer, "privacy-officer");
  const { rows } = await database.owner.query(
    "select count(*)::int as n from ledger_entry where organisation = $1 and action = 'audit.search' and outcome = 'refused'",
    [organisation],
  );
  assert.deepEqual(rows, [{ n: 6 }], "refusals of known actors are on the record");
});

test("the state verifies, the export verifies with the public key alone, and an entry proves its place", async () => {
  const { officer, organisation } = await clinic();
  asking = as(officer, "privacy-officer");
  const exported = await get("/api/audit/export?details=1");
  assert.equal(exported.statusCode, 200);
  assert.match(String(exported.headers["content-disposition"]), /ledger-/);
  const state = LedgerState.parse((await get("/api/audit/proof")).json());
  assert.deepEqual([state.verified, state.findings], [true, []]);
  const { publicKey } = parseVerifier(state.publicKey);
  const lines = exported.body.trimEnd().split("\n");
  const report = await verifyExport(lines, publicKey, { organisation });
  assert.deepEqual(report.findings, []);
  assert.equal(report.signedTo, report.entries);
  assert.ok(report.entries >= 5);
  const tampered = lines.map((line) => line.replace('"frames":12', '"frames":13'));
  assert.ok((await verifyExport(tampered, publicKey)).findings.every(({ kind }) => kind === "detail"));
  const page = AuditPage.parse((await get("/api/audit?action=study.view")).json());
  const proof = (await get(`/api/audit/proof/${page.items[0]?.id}`)).json();
  const decode = (text: string) => Buffer.from(text, "base64");
  assert.ok(
    verifyInclusion(
      decode(proof.leafHash),
      proof.index,
      proof.size,
      proof.path.map(decode),
      readCheckpoint(proof.checkpoint).root,
    ),
  );
  assert.equal((await get(`/api/audit/proof/${uuidv7()}`)).statusCode, 404);
});

test("proofs hold in a tree large enough to keep nodes", async () => {
  const { officer, organisation } = await clinic();
  const who = as(officer, "privacy-officer");
  await database.transaction({ organisation, person: null }, async (tx) => {
    for (let at = 0; at < 700; at++)
      await recordEntry({ tx, now: tx.now, keyring: house.world.keyring }, who, {
        organisation,
        action: "study.view",
        outcome: "done",
        because: "own-duty",
      });
  });
  await settleLedger(house.world, organisation, witness);
  const { rows } = await database.owner.query(
    "select id from ledger_entry where organisation = $1 and leaf in (0, 255, 256, 511, 690)",
    [organisation],
  );
  const kept = await database.owner.query("select count(*)::int as n from ledger_node where organisation = $1", [
    organisation,
  ]);
  assert.deepEqual(kept.rows, [{ n: 3 }]);
  asking = who;
  for (const { id } of rows) assert.equal((await get(`/api/audit/proof/${id}`)).statusCode, 200);
});
