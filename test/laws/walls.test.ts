import assert from "node:assert/strict";
import { before, test } from "node:test";
import { sql } from "kysely";
import { uuidv7 } from "#kit/uuid.ts";
import { type Database, NO_SCOPE, type Scope } from "#platform/postgres/db.ts";
import { testDatabase } from "../support/database.ts";

/**
 * The second wall alone: raw SQL by the serving role, as if every line of ours above it had been got round. Without a scope it
 * reads no row of any organisation; under another organisation's scope exactly the studies that were granted to it.
 */
type Row = { table: string; sql: string; values: (house: House) => unknown[] };
type House = ReturnType<typeof newHouse>;

const newHouse = (name: string) => ({
  ...{ name, org: uuidv7(), person: uuidv7(), patient: uuidv7(), shared: uuidv7(), secret: uuidv7() },
  ...{ sharedKey: uuidv7(), secretKey: uuidv7(), sharedSeries: uuidv7(), secretSeries: uuidv7() },
  ...{ sharedInstance: uuidv7(), secretInstance: uuidv7(), form: uuidv7(), consent: uuidv7(), upload: uuidv7() },
  ...{
    grant: uuidv7(),
    linkGrant: uuidv7(),
    link: uuidv7(),
    agreement: uuidv7(),
    report: uuidv7(),
    otherReport: uuidv7(),
  },
  ...{ entry: uuidv7(), partner: "" },
});

const bytes = () => Buffer.from(uuidv7());
const insert = (table: string, columns: string, values: Row["values"]): Row => ({
  table,
  sql: `insert into ${table} (${columns}) values (${columns
    .split(",")
    .map((_, at) => `$${at + 1}`)
    .join(", ")})`,
  values,
});

/** One row at least in every table that has an organisation; two studies, one of them granted to the partner. */
const ROWS: readonly Row[] = [
  insert("membership", "organisation, person, role", (h) => [h.org, h.person, "radiologist"]),
  insert("invitation", "organisation, id, email, display_name, role, secret_hash, expires_at", (h) => [
    h.org,
    uuidv7(),
    "a@example.org",
    "A",
    "referrer",
    bytes(),
    new Date(),
  ]),
  insert("device", "organisation, id, ae_title", (h) => [h.org, uuidv7(), "CT1"]),
  insert("certificate_holder", "organisation, certificate_sha256", (h) => [h.org, bytes()]),
  insert("machine_token", "organisation, id, name, secret_hash, scopes, expires_at", (h) => [
    h.org,
    uuidv7(),
    "t",
    bytes(),
    ["fhir.read"],
    new Date(),
  ]),
  insert("mail_outbox", "organisation, id, sealed", (h) => [h.org, uuidv7(), bytes()]),
  insert("agreement", "organisation, id, partner, kind, purposes, from_at, until_at", (h) => [
    h.org,
    h.agreement,
    h.partner,
    "operator",
    ["care"],
    new Date(),
    new Date("2999-01-01"),
  ]),
  insert("organisation_key", "organisation, version, wrapped, wrapper", (h) => [h.org, 1, bytes(), "w"]),
  insert("key_group", "organisation, id, wrapped, key_version", (h) => [h.org, h.sharedKey, bytes(), 1]),
  insert("key_group", "organisation, id, wrapped, key_version", (h) => [h.org, h.secretKey, bytes(), 1]),
  insert("patient", "organisation, id, patient_id", (h) => [h.org, h.patient, "P1"]),
  insert("study", "organisation, id, study_uid, patient, key_group", (h) => [
    h.org,
    h.shared,
    "2.25.1",
    h.patient,
    h.sharedKey,
  ]),
  insert("study", "organisation, id, study_uid, patient, key_group", (h) => [
    h.org,
    h.secret,
    "2.25.2",
    h.patient,
    h.secretKey,
  ]),
  insert("study_search", "organisation, study, name_folded", (h) => [h.org, h.shared, "nkosi"]),
  insert("series", "organisation, id, study, series_uid", (h) => [h.org, h.sharedSeries, h.shared, "2.25.3"]),
  insert("series", "organisation, id, study, series_uid", (h) => [h.org, h.secretSeries, h.secret, "2.25.4"]),
  instance((h) => [h.org, h.sharedInstance, h.shared, h.sharedSeries, "2.25.5"]),
  instance((h) => [h.org, h.secretInstance, h.secret, h.secretSeries, "2.25.6"]),
  insert("quarantine", "organisation, id, sop_instance_uid, blob, wrapped_key, key_group, reason, source", (h) => [
    h.org,
    uuidv7(),
    "2.25.7",
    "b",
    bytes(),
    h.secretKey,
    "r",
    "s",
  ]),
  report((h) => [h.org, h.report, h.shared, h.person, h.org]),
  report((h) => [h.org, h.otherReport, h.secret, h.person, h.org]),
  insert("marking_set", "organisation, study, person, sealed, wrapped_key", (h) => [
    h.org,
    h.shared,
    h.person,
    bytes(),
    bytes(),
  ]),
  insert(
    "consent_form_version",
    "organisation, id, form, version, language, jurisdiction, purposes, title, body, body_sha256, effective_at",
    (h) => [h.org, h.form, "teaching", 1, "en", "ZA", ["teaching"], "t", "b", bytes(), new Date()],
  ),
  insert(
    "consent_event",
    "organisation, id, patient, form_version, decision, given_by, purposes, channel, from_at",
    (h) => [h.org, h.consent, h.patient, h.form, "given", "self", ["teaching"], "paper", new Date()],
  ),
  grant((h) => [h.org, h.grant, h.shared, "organisation", h.partner]),
  grant((h) => [h.org, h.linkGrant, h.secret, "link", h.link]),
  insert("access", "subject, owner, study, grant_id, until_at", (h) => [
    h.partner,
    h.org,
    h.shared,
    h.grant,
    new Date("2999-01-01"),
  ]),
  insert("access", "subject, owner, study, grant_id, until_at", (h) => [
    h.link,
    h.org,
    h.secret,
    h.linkGrant,
    new Date("2999-01-01"),
  ]),
  insert("link", "organisation, id, grant_id, secret_hash, recipient, challenge", (h) => [
    h.org,
    h.link,
    h.linkGrant,
    bytes(),
    "Dr X",
    "password",
  ]),
  insert("link_session", "organisation, id, link, secret_hash, frames_left, expires_at", (h) => [
    h.org,
    uuidv7(),
    h.link,
    bytes(),
    1,
    new Date("2999-01-01"),
  ]),
  insert("ledger_entry", "organisation, id, at, action, outcome, actor_kind, body", (h) => [
    h.org,
    h.entry,
    new Date(),
    "a",
    "done",
    "system",
    "{}",
  ]),
  insert("ledger_detail", "organisation, entry, salt, sealed", (h) => [h.org, h.entry, bytes(), bytes()]),
  insert("ledger_tree", "organisation", (h) => [h.org]),
  insert("ledger_checkpoint", "organisation, size, root, note", (h) => [h.org, 1, bytes(), "n"]),
  insert("ledger_signing_key", "organisation, version, public_key, wrapped_private_key, key_version", (h) => [
    h.org,
    1,
    bytes(),
    bytes(),
    1,
  ]),
  insert("ledger_node", "organisation, level, index, hash", (h) => [h.org, 8, 0, bytes()]),
  insert("ledger_witness", "organisation, kind, size", (h) => [h.org, "folder", 1]),
  insert("upload", "organisation, id, person", (h) => [h.org, h.upload, h.person]),
  insert("upload_file", "organisation, upload, number, outcome", (h) => [h.org, h.upload, 1, "stored"]),
];

function instance(values: Row["values"]): Row {
  const columns =
    "organisation, id, study, series, sop_instance_uid, sop_class_uid, transfer_syntax, blob, bytes, data_set_offset, wrapped_key, header, frame_index, source";
  return insert("instance", columns, (h) => [
    ...values(h),
    "1.2",
    "1.2",
    uuidv7(),
    1,
    0,
    bytes(),
    bytes(),
    bytes(),
    "test",
  ]);
}

function report(values: Row["values"]): Row {
  const columns =
    "organisation, id, study, author, author_organisation, version, status, sealed, wrapped_key, content_sha256";
  return insert("report_version", columns, (h) => [...values(h), 1, "final", bytes(), bytes(), bytes()]);
}

function grant(values: Row["values"]): Row {
  const columns = "organisation, id, study, subject_kind, subject, rights, purpose, basis_kind, until_at";
  return insert("access_grant", columns, (h) => [...values(h), ["view"], "care", "own-care", new Date("2999-01-01")]);
}

/** A table whose rows the serving role may only add: it reads them through one function. */
const CLOSED = ["study_search"];

let database: Database;
const [clinic, group] = [newHouse("Wall clinic"), newHouse("Wall group")];
clinic.partner = group.org;
group.partner = clinic.org;

before(async () => {
  database = await testDatabase();
  for (const { org, name, person } of [clinic, group]) {
    await database.owner.query("insert into organisation (id, name, kind) values ($1, $2, 'clinic')", [org, name]);
    await database.owner.query("insert into person (id, email, display_name) values ($1, $2, 'P')", [
      person,
      `${person}@example.org`,
    ]);
  }
  for (const house of [clinic, group]) for (const row of ROWS) await database.owner.query(row.sql, row.values(house));
});

/** The first key column of each row that raw SQL of the serving role reads there. */
async function read(scope: Scope, table: string, column: string, where = "true"): Promise<string[]> {
  const { rows } = await database.transaction(scope, (tx) =>
    sql<{ key: string }>`${sql.raw(`select ${column}::text as key from ${table} where ${where} order by 1`)}`.execute(
      tx,
    ),
  );
  return rows.map(({ key }) => key);
}

const scopeOf = (house: House): Scope => ({ organisation: house.org, person: null });
const theirs = `organisation = '${clinic.org}'`;

async function tablesWithOrganisation(): Promise<string[]> {
  const { rows } = await database.owner.query<{ name: string }>(
    `select c.table_name as name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and c.column_name = 'organisation' and t.table_type = 'BASE TABLE' order by 1`,
  );
  return rows.map(({ name }) => name);
}

test("every table with an organisation has rows in this test, and row-level security that even its owner is under", async () => {
  const tables = await tablesWithOrganisation();
  const covered = new Set(ROWS.map(({ table }) => table));
  assert.deepEqual(
    tables.filter((table) => !covered.has(table)),
    [],
    "add a row of it to ROWS",
  );
  const { rows } = await database.owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relname = any($1) and not (relrowsecurity and relforcerowsecurity)`,
    [[...tables, "organisation", "person", "access"]],
  );
  assert.deepEqual(rows, []);
});

test("the serving role is no superuser, owns nothing and bypasses nothing", async () => {
  const { rows } = await database.transaction(NO_SCOPE, (tx) =>
    sql<{ bad: boolean; owned: number }>`
      select (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb) as bad,
        (select count(*)::integer from pg_class c where c.relowner = r.oid) as owned
      from pg_roles r where r.rolname = current_user`.execute(tx),
  );
  assert.deepEqual(rows, [{ bad: false, owned: 0 }]);
});

test("without a scope raw SQL reads no row of any table", async () => {
  for (const table of await tablesWithOrganisation()) {
    if (CLOSED.includes(table)) await assert.rejects(read(NO_SCOPE, table, "organisation"));
    else assert.deepEqual(await read(NO_SCOPE, table, "organisation"), [], table);
  }
  for (const table of ["organisation", "person"]) assert.deepEqual(await read(NO_SCOPE, table, "id"), [], table);
  assert.deepEqual(await read(NO_SCOPE, "access", "subject"), []);
  await assert.rejects(read(NO_SCOPE, "access_held", "subject"));
});

test("with another organisation's scope exactly what was granted to it is there", async () => {
  const scope = scopeOf(group);
  const expected: Record<string, [string, string[]]> = {
    study: ["id", [clinic.shared]],
    series: ["id", [clinic.sharedSeries]],
    instance: ["id", [clinic.sharedInstance]],
    report_version: ["id", [clinic.report]],
    key_group: ["id", [clinic.sharedKey]],
    organisation_key: ["version", ["1"]],
    access_grant: ["id", [clinic.grant]],
    agreement: ["id", [clinic.agreement]], // both parties see the paper between them
  };
  for (const table of await tablesWithOrganisation()) {
    if (CLOSED.includes(table)) continue;
    const [column, rows] = expected[table] ?? ["organisation", []];
    assert.deepEqual(await read(scope, table, column, theirs), rows, table);
  }
  assert.deepEqual(await read(scope, "access", "study", `owner = '${clinic.org}'`), [clinic.shared]);
  assert.deepEqual(await read(scope, "person", "id"), [group.person], "nobody of the other organisation");
});

test("a person who is named in a grant reads that study while they work where it says, a link's row reads nothing", async () => {
  const [reader, given] = [uuidv7(), uuidv7()];
  await database.owner.query(
    `insert into access_grant (organisation, id, study, subject_kind, subject, workplace, rights, purpose, basis_kind, until_at)
     values ($1, $2, $3, 'person', $4, $5, '{view,report}', 'care', 'own-care', '2999-01-01')`,
    [clinic.org, given, clinic.secret, reader, group.org],
  );
  await database.owner.query(
    "insert into access (subject, workplace, owner, study, grant_id, until_at) values ($1, $2, $3, $4, $5, '2999-01-01')",
    [reader, group.org, clinic.org, clinic.secret, given],
  );
  const secret: Record<string, [string, string]> = {
    study: ["id", clinic.secret],
    series: ["id", clinic.secretSeries],
    instance: ["id", clinic.secretInstance],
    report_version: ["id", clinic.otherReport],
    key_group: ["id", clinic.secretKey],
    organisation_key: ["version", "1"],
    access_grant: ["id", given],
  };
  const third = uuidv7();
  await database.owner.query("insert into organisation (id, name, kind) values ($1, 'Third', 'clinic')", [third]);
  for (const [table, [column, key]] of Object.entries(secret)) {
    const rows = (organisation: string | null, person: string | null) =>
      read({ organisation, person }, table, column, theirs);
    assert.ok((await rows(group.org, reader)).includes(key), table);
    for (const [organisation, person] of [
      [third, reader],
      [null, reader],
      [third, uuidv7()],
    ] as const)
      assert.deepEqual(await rows(organisation, person), [], `${table} from ${organisation}`);
    if (table !== "organisation_key") assert.ok(!(await rows(group.org, uuidv7())).includes(key), table);
  }
  const left = { organisation: third, person: reader };
  assert.deepEqual(await read(left, "access", "study"), []);
  assert.deepEqual(await read(left, "organisation", "id", `id = '${clinic.org}'`), []);
  for (const text of [
    `insert into report_version (organisation, id, study, author, author_organisation, version, status, sealed, wrapped_key, content_sha256) values ('${clinic.org}', '${uuidv7()}', '${clinic.secret}', '${reader}', '${third}', 9, 'final', '', '', '')`,
    `insert into ledger_entry (organisation, id, at, actor_kind, action, outcome, body) values ('${clinic.org}', '${uuidv7()}', now(), 'person', 'study.view', 'done', '{}')`,
    `insert into marking_set (organisation, study, person, sealed, wrapped_key) values ('${clinic.org}', '${clinic.secret}', '${reader}', '', '')`,
  ])
    await assert.rejects(
      database.transaction(left, (tx) => sql`${sql.raw(text)}`.execute(tx)),
      /row-level security/,
      text,
    );
});

test("what a person measured is read by that person alone, not by their organisation", async () => {
  const scope = { organisation: clinic.org, person: clinic.person };
  assert.deepEqual(await read(scope, "marking_set", "study"), [clinic.shared]);
  assert.deepEqual(await read(scopeOf(clinic), "marking_set", "study"), []);
  assert.deepEqual(await read({ organisation: group.org, person: clinic.person }, "marking_set", "study", theirs), [
    clinic.shared,
  ]);
});

test("under another's scope nothing of theirs is changed, removed or added, but for what a reader leaves with the owner", async () => {
  const scope = scopeOf(group);
  const run = (text: string) => database.transaction(scope, (tx) => sql`${sql.raw(text)}`.execute(tx));
  for (const text of [
    `update study set description = 'x' where ${theirs} returning id`,
    `update access_grant set until_at = '2999-02-02' where ${theirs} returning id`,
    `update agreement set ended_at = now() where ${theirs} returning id`,
    `delete from access where owner = '${clinic.org}' returning study`,
    `delete from link_session where ${theirs} returning id`,
  ])
    assert.deepEqual((await run(text)).rows, [], text);
  for (const text of [
    `update organisation set name = 'x' where id = '${clinic.org}'`,
    `insert into access (subject, owner, study, grant_id, until_at) values ('${group.org}', '${clinic.org}', '${clinic.secret}', '${uuidv7()}', now() + interval '1 day')`,
    `insert into access_grant (organisation, id, study, subject_kind, subject, rights, purpose, basis_kind, until_at) values ('${clinic.org}', '${uuidv7()}', '${clinic.secret}', 'organisation', '${group.org}', '{view}', 'care', 'own-care', now() + interval '1 day')`,
    `insert into report_version (organisation, id, study, author, author_organisation, version, status, sealed, wrapped_key, content_sha256) values ('${clinic.org}', '${uuidv7()}', '${clinic.secret}', '${group.person}', '${group.org}', 9, 'final', '', '', '')`,
  ])
    await assert.rejects(run(text), /row-level security/, text);
});

test("nobody who serves requests changes or removes what only grows", async () => {
  const scope = scopeOf(clinic);
  for (const text of [
    "update ledger_entry set action = 'x'",
    "update ledger_entry set body = 'x'",
    "delete from ledger_entry",
    "update ledger_detail set sealed = ''",
    "delete from ledger_detail",
    "delete from ledger_checkpoint",
    "update ledger_checkpoint set note = 'x'",
    "update consent_form_version set body = 'x'",
    "delete from consent_form_version",
    "delete from consent_event",
    "delete from access_grant",
    "delete from agreement",
    "delete from link",
    "update report_version set sealed = ''",
    "delete from report_version",
  ])
    await assert.rejects(
      database.transaction(scope, (tx) => sql`${sql.raw(text)}`.execute(tx)),
      /permission denied|internal|went wrong/i,
      text,
    );
});

test("a grant that was taken back or ran out opens nothing for raw SQL either", async () => {
  const scope = scopeOf(clinic);
  assert.deepEqual(await read(scope, "study", "id", `organisation = '${group.org}'`), [group.shared]);
  await database.owner.query("update access set until_at = now() - interval '1 second' where grant_id = $1", [
    group.grant,
  ]);
  for (const table of ["study", "series", "instance", "report_version", "key_group", "organisation_key"])
    assert.deepEqual(await read(scope, table, "organisation", `organisation = '${group.org}'`), [], table);
  await database.owner.query("delete from access where grant_id = $1", [group.grant]);
  assert.deepEqual(await read(scope, "study", "id", `organisation = '${group.org}'`), []);
});
