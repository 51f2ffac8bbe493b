import assert from "node:assert/strict";
import { before, test } from "node:test";
import { sql } from "kysely";
import pg from "pg";
import { uuidv7 } from "#kit/uuid.ts";
import { type Database, NO_SCOPE, type Scope } from "#platform/postgres/db.ts";
import { testDatabase } from "../support/database.ts";

/** Acceptance 5: whoever holds the serving role's connection, and speaks SQL, and tries to get past row-level security. */
let database: Database;
const [clinic, group, person] = [uuidv7(), uuidv7(), uuidv7()];
const NAME = "Rawsequel^Canary";

/** Tables that hold nothing about patients and belong to nobody: everything else stands behind row-level security. */
const WITHOUT_PATIENTS = ["attempt", "backup", "migration", "policy_epoch", "setup", "sharing_closed"];

before(async () => {
  database = await testDatabase();
  for (const [id, name] of [
    [clinic, "SQL clinic"],
    [group, "SQL group"],
  ])
    await database.owner.query("insert into organisation (id, name, kind) values ($1, $2, 'clinic')", [id, name]);
  await database.owner.query("insert into person (id, email, display_name) values ($1, 'raw@example.org', $2)", [
    person,
    NAME,
  ]);
  const [patient, key, study] = [uuidv7(), uuidv7(), uuidv7()];
  await database.owner.query("insert into patient (organisation, id, patient_id, name) values ($1, $2, 'RAW-ID', $3)", [
    clinic,
    patient,
    NAME,
  ]);
  await database.owner.query("insert into key_group (organisation, id, wrapped, key_version) values ($1, $2, '', 1)", [
    clinic,
    key,
  ]);
  await database.owner.query(
    "insert into study (organisation, id, study_uid, patient, key_group, patient_name) values ($1, $2, '2.25.9', $3, $4, $5)",
    [clinic, study, patient, key, NAME],
  );
  await database.owner.query(
    "insert into study_search (organisation, study, name_folded) values ($1, $2, 'rawsequel canary')",
    [clinic, study],
  );
  await database.owner.query("analyze");
});

const run = <Row = Record<string, unknown>>(text: string, scope: Scope = NO_SCOPE): Promise<Row[]> =>
  database.transaction(scope, async (tx) => (await sql<Row>`${sql.raw(text)}`.execute(tx)).rows);

/** SQLSTATE, or "" where it went through. */
async function stateOf(text: string, scope?: Scope): Promise<string> {
  try {
    await run(text, scope);
    return "";
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

async function relations(kinds: string): Promise<string[]> {
  const { rows } = await database.owner.query<{ name: string }>(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = any($1::"char"[]) order by 1`,
    [[...kinds]],
  );
  return rows.map(({ name }) => name);
}

test("every table is under row-level security that even its owner is under, or is known to hold no patient", async () => {
  const { rows } = await database.owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity) order by 1`,
  );
  assert.deepEqual(
    rows.map(({ name }) => name),
    WITHOUT_PATIENTS,
    "a new table needs its policies (CONTRIBUTING.md), or a line here that says it holds no patient",
  );
  assert.deepEqual(
    await relations("vmf"),
    [],
    "a view reads as its owner: none is made without security_invoker and a test",
  );
});

/** How many rows a statement of the serving role gave, COPY included; 0 where it may not ask. */
async function rowsOf(text: string): Promise<number | null> {
  const counted: (number | null)[] = [];
  const query = Reflect.get(pg.Client.prototype, "query") as pg.Client["query"];
  pg.Client.prototype.query = function counting(this: pg.Client, ...given: unknown[]) {
    const answered = Reflect.apply(query, this, given) as unknown as Promise<pg.QueryResult>;
    if ((given[0] as { text?: string }).text !== text) return answered as never;
    return answered.then((result) => {
      counted.push(result.rowCount);
      return result;
    }) as never;
  } as typeof query;
  try {
    const state = await stateOf(text);
    if (state === "42501") return 0;
    assert.equal(state, "", text);
  } finally {
    pg.Client.prototype.query = query;
  }
  return counted[0] ?? null;
}

test("without a scope no table gives a row, by SELECT or by COPY", async () => {
  assert.equal(await rowsOf("copy (values (1), (2)) to stdout"), 2, "what is there is counted");
  for (const table of (await relations("rp")).filter((name) => !WITHOUT_PATIENTS.includes(name)))
    for (const text of [`select * from ${table}`, `copy ${table} to stdout`, `copy (table ${table}) to stdout`])
      assert.equal(await rowsOf(text), 0, text);
});

test("the role becomes nobody else and lifts nothing", async () => {
  for (const text of [
    "set role safelight_owner",
    "set role safelight_auth",
    "set session authorization safelight_owner",
    "set role postgres",
    "alter role safelight_serve bypassrls",
    "grant safelight_owner to safelight_serve",
    "alter table study disable row level security",
    "alter table study no force row level security",
    "drop policy own on study",
    "create policy mine on study using (true)",
    "set session_replication_role = replica",
    "alter system set row_security = off",
  ])
    assert.notEqual(await stateOf(text), "", text);
  assert.equal(
    await stateOf("set local row_security = off; select * from study"),
    "42501",
    "an error instead of every row",
  );
});

test("the role makes nothing in the database, and reaches no file, program or other server", async () => {
  for (const text of [
    "create table mine (a int)",
    "create temporary table mine (a int)",
    "create function pg_temp.peek(text) returns boolean language plpgsql cost 0.0001 as $$ begin raise notice '%', $1; return true; end $$",
    "create schema mine",
    "create extension dblink",
    "create event trigger t on ddl_command_end execute function now()",
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select pg_stat_file('PG_VERSION')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/x')",
    "copy study to '/tmp/study.txt'",
    "copy study to program 'cat'",
    "copy study_search (name_folded) from program 'id'",
    "select * from pg_authid",
    "select * from pg_statistic",
    "select * from pg_largeobject",
    "select * from auth.session",
    "select * from graphile_worker.jobs",
    "select * from graphile_worker._private_jobs",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'safelight_owner'",
    "select pg_create_logical_replication_slot('s', 'pgoutput')",
    "select pg_reload_conf()",
    "load 'plpgsql'",
  ])
    assert.notEqual(await stateOf(text), "", text);
});

test("statistics, plans, errors and other sessions' questions tell no value", async () => {
  const own = { organisation: group, person: null };
  for (const text of [
    "select most_common_vals::text, histogram_bounds::text from pg_stats where schemaname = 'public' and tablename in ('patient', 'study', 'person', 'study_search')",
    "select * from pg_stats_ext_exprs",
    "select query from pg_stat_activity",
    "select * from pg_prepared_statements",
    "select * from pg_cursors",
  ])
    assert.doesNotMatch(JSON.stringify(await run(text, own)), /rawsequel/i, text);
  const plan = await run("explain (analyze, verbose) select * from study where patient_name like 'Raw%'", own);
  assert.doesNotMatch(JSON.stringify(plan), /Canary/);
  assert.match(JSON.stringify(plan), /scope_organisation|InitPlan|access/);
  for (const text of [
    "select (patient_name || 'x')::int from study",
    "select 1 / (case when patient_name like 'Raw%' then 0 else 1 end) from study",
    "select format('%s', s)::int from study s",
  ])
    assert.equal(await stateOf(text, own), "", `${text} met a row`);
});

test("another organisation's key in a new row tells nothing of what is there", async () => {
  const own = { organisation: group, person: null };
  const insert = (uid: string) =>
    stateOf(
      `insert into study (organisation, id, study_uid, patient, key_group) values ('${clinic}', '${uuidv7()}', '${uid}', '${uuidv7()}', '${uuidv7()}')`,
      own,
    );
  assert.deepEqual([await insert("2.25.9"), await insert("2.25.10")], ["42501", "42501"]);
});

/** What each function that runs as the owner answers to somebody without a scope who guesses well. */
const DEFINERS: Record<string, string> = {
  app_enqueue: "(nothing is answered)",
  certificate_is_taken: "select certificate_is_taken('\\x00')",
  known_blob: "select known_blob('x')",
  ledger_people: `select * from ledger_people(array['${person}']::uuid[])`,
  ledgers_with_news: "select * from ledgers_with_news()",
  organisation_ids: "select * from organisation_ids()",
  organisation_named: "select * from organisation_named('SQL clinic')",
  resolve_device: "select * from resolve_device('\\x00')",
  resolve_email: "select * from resolve_email('raw@example.org')",
  resolve_invitation: "select * from resolve_invitation('\\x00')",
  resolve_link: "select * from resolve_link('\\x00')",
  resolve_link_session: "select * from resolve_link_session('\\x00')",
  resolve_person: "select * from resolve_person('x')",
  resolve_plain_device: "select * from resolve_plain_device('CT')",
  resolve_token: "select * from resolve_token('\\x00')",
  search_studies: "select * from search_studies('raw', null)",
  shareable_person: "select * from shareable_person('raw@example.org')",
  works_elsewhere: `select works_elsewhere('${person}')`,
};

test("functions that run as the owner are these, answer IDs at most, and find no object of theirs replaced", async () => {
  const { rows } = await database.owner.query<{ name: string; path: string[] | null }>(
    `select p.proname as name, p.proconfig as path from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef order by 1`,
  );
  assert.deepEqual(
    rows.map(({ name }) => name),
    Object.keys(DEFINERS),
    "say here what a new one answers to a stranger",
  );
  for (const { name, path } of rows) assert.match(String(path), /search_path=("")?(public, pg_temp)?/, name);
  for (const [name, text] of Object.entries(DEFINERS)) {
    if (name === "app_enqueue") continue;
    const answered = await run(text);
    assert.doesNotMatch(JSON.stringify(answered), /rawsequel|SQL clinic/i, name);
    for (const row of answered)
      for (const value of Object.values(row)) assert.match(String(value), /^([0-9a-f-]{36}|false|true)$/, name);
  }
  assert.deepEqual(await run("select * from search_studies('raw', null)"), []);
  assert.deepEqual(
    await run("select * from search_studies(null, 'canary')", { organisation: group, person: null }),
    [],
  );
});

test("a scope that is no UUID is an error and no scope; a scope ends with its transaction", async () => {
  assert.equal(
    await stateOf("select set_config('safelight.organisation', 'x', true); select count(*) from study"),
    "22P02",
  );
  await run("select 1", { organisation: clinic, person: null });
  for (let at = 0; at < 12; at++) assert.deepEqual(await run("select id from study"), []);
});
