import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { Fault } from "#kit/fault.ts";
import { type Database, NO_SCOPE, openDatabase, type Scope, type Tx } from "./db.ts";
import { readPidFile } from "./embedded/postmaster.ts";

const dataDir = mkdtempSync(join(tmpdir(), "safelight-db-"));
const A = "018f0000-0000-7000-8000-00000000000a";
const B = "018f0000-0000-7000-8000-00000000000b";
const scope = (organisation: string | null, person: string | null = null): Scope => ({ organisation, person });
let database: Database;

before(async () => {
  database = await openDatabase({ dataDir, databaseUrl: undefined, databasePool: 4 });
  await database.owner.query(`
    create table thing (organisation uuid not null, id int, label text unique, made date, at timestamptz, size bigint, parts bigint[], raw bytea, extra jsonb);
    alter table thing enable row level security;
    alter table thing force row level security;
    create policy own on thing to safelight_serve using (organisation = (select scope_organisation())) with check (organisation = (select scope_organisation()));
    create table pair (id int primary key, n int);
    insert into pair values (1, 0), (2, 0);`);
});

after(async () => {
  await database.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const one = async <T>(tx: Tx, query: ReturnType<typeof sql<T>>): Promise<T | undefined> =>
  (await query.execute(tx)).rows[0];
const labels = (tx: Tx) =>
  sql<{ label: string }>`select label from thing order by label`
    .execute(tx)
    .then(({ rows }) => rows.map((row) => row.label));
const faultOfCode = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

test("a transaction runs as the serving role, which owns nothing and cannot step around row-level security", async () => {
  const row = await database.read(NO_SCOPE, (tx) =>
    one(
      tx,
      sql<{ rolname: string; any: boolean; owns: number }>`
      select rolname, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or pg_has_role(rolname, 'safelight_owner', 'MEMBER') as any,
        (select count(*)::int from pg_class c where c.relowner = r.oid) as owns
      from pg_roles r where rolname = current_user`,
    ),
  );
  assert.deepEqual({ ...row }, { rolname: "safelight_serve", any: false, owns: 0 });
});

test("rows of another organisation do not exist, and no scope sees nothing", async () => {
  for (const organisation of [A, B]) {
    await database.transaction(scope(organisation), (tx) =>
      sql`insert into thing (organisation, label) values (${organisation}, ${`of ${organisation}`})`.execute(tx),
    );
  }
  assert.deepEqual(await database.read(scope(A), labels), [`of ${A}`]);
  assert.deepEqual(await database.read(scope(B), labels), [`of ${B}`]);
  assert.deepEqual(await database.read(NO_SCOPE, labels), []);
  await assert.rejects(
    database.transaction(scope(A), (tx) =>
      sql`insert into thing (organisation, label) values (${B}, 'planted')`.execute(tx),
    ),
    /row-level security/,
  );
});

test("a scope ends with its transaction: the next one on the same connection has its own", async () => {
  await database.read(scope(A, B), async (tx) => {
    assert.equal((await one(tx, sql<{ id: string }>`select scope_person() as id`))?.id, B);
  });
  for (let turn = 0; turn < 10; turn++) {
    const seen = await database.read(NO_SCOPE, (tx) =>
      one(tx, sql<{ id: string | null }>`select coalesce(scope_organisation(), scope_person()) as id`),
    );
    assert.equal(seen?.id, null);
  }
});

test("a scope that is not a UUID never reaches the database", async () => {
  for (const evil of ["'; drop table thing; --", A.toUpperCase(), `${A} `, ""]) {
    await assert.rejects(database.read(scope(evil), labels), faultOfCode("internal"));
  }
});

test("what a transaction did is undone when its function throws, and the error comes out", async () => {
  await assert.rejects(
    database.transaction(scope(A), async (tx) => {
      await sql`insert into thing (organisation, label) values (${A}, 'undone')`.execute(tx);
      throw new Fault("share.refused", "no");
    }),
    faultOfCode("share.refused"),
  );
  assert.deepEqual(await database.read(scope(A), labels), [`of ${A}`]);
});

test("a failed statement that nobody minds does not end as a commit", async () => {
  await assert.rejects(
    database.transaction(scope(A), async (tx) => {
      await sql`insert into thing (organisation, label) values (${A}, 'lost')`.execute(tx);
      await sql`select 1 / 0`.execute(tx).catch(() => undefined);
    }),
    faultOfCode("internal"),
  );
  assert.deepEqual(await database.read(scope(A), labels), [`of ${A}`]);
});

test("a query after its transaction is refused instead of running on somebody else's", async () => {
  let kept: Tx | undefined;
  await database.read(scope(A), async (tx) => {
    kept = tx;
    await labels(tx);
  });
  assert.ok(kept);
  await assert.rejects(labels(kept), faultOfCode("internal"));
});

test("read() is read-only", async () => {
  await assert.rejects(
    database.read(scope(A), (tx) => sql`insert into thing (organisation, label) values (${A}, 'x')`.execute(tx)),
    /read-only/,
  );
});

test("values arrive as the types say, and now is the database's", async () => {
  const at = new Date("2026-03-04T05:06:07.089Z");
  const row = await database.transaction(scope(A), async (tx) => {
    await sql`insert into thing values (${A}, 1, 'typed', '2026-02-03', ${at}, 9007199254740991, '{1,2}', ${Buffer.from([0, 255])}, ${JSON.stringify([{ a: 1 }])}::jsonb)`.execute(
      tx,
    );
    assert.equal(
      (await one(tx, sql<{ same: boolean }>`select abs(extract(epoch from now() - ${tx.now})) < 0.001 as same`))?.same,
      true,
    );
    return one(
      tx,
      sql<Record<string, unknown>>`select made, at, size, parts, raw, extra from thing where label = 'typed'`,
    );
  });
  assert.deepEqual(
    { ...row },
    { made: "2026-02-03", at, size: 9007199254740991, parts: [1, 2], raw: Buffer.from([0, 255]), extra: [{ a: 1 }] },
  );
  await assert.rejects(
    database.read(scope(A), (tx) => sql`select 9007199254740993::int8`.execute(tx)),
    faultOfCode("internal"),
  );
});

test("two transactions that meet are run again where that is allowed, and are a passing fault where not", async () => {
  const cross = (first: number, attempts: number) =>
    database.transaction(
      NO_SCOPE,
      async (tx) => {
        await sql`update pair set n = n + 1 where id = ${first}`.execute(tx);
        await delay(300);
        await sql`update pair set n = n + 1 where id = ${3 - first}`.execute(tx);
      },
      { attempts },
    );
  await Promise.all([cross(1, 3), cross(2, 3)]);
  const outcomes = await Promise.allSettled([cross(1, 1), cross(2, 1)]);
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  assert.equal(failed.length, 1);
  assert.ok(faultOfCode("database.unavailable")(failed[0]?.reason));
});

test("jobs are asked for in the transaction, and the queue itself is closed to the serving role", async () => {
  await database.transaction(NO_SCOPE, (tx) =>
    sql`select app_enqueue('some.task', '{"id":"x"}'::jsonb, now() + interval '1 hour', 'key')`.execute(tx),
  );
  await assert.rejects(
    database.transaction(NO_SCOPE, async (tx) => {
      await sql`select app_enqueue('never', '{}'::jsonb)`.execute(tx);
      throw new Error("changed my mind");
    }),
  );
  const { rows } = await database.owner.query("select task_identifier from graphile_worker.jobs");
  assert.deepEqual(
    rows.map((row: { task_identifier: string }) => row.task_identifier),
    ["some.task"],
  );
  for (const theft of [
    "select * from graphile_worker._private_jobs",
    "select graphile_worker.add_job('x')",
    "select * from auth.session",
    "select * from migration",
    "set role safelight_owner",
  ]) {
    await assert.rejects(
      database.transaction(NO_SCOPE, (tx) => sql.raw(theft).execute(tx)),
      /permission denied|does not exist/,
      theft,
    );
  }
});

test("better-auth's role lives in its own schema and sees nothing else", async () => {
  const { rows } = await database.auth.query<{ who: string; path: string }>(
    "select current_user as who, current_setting('search_path') as path",
  );
  assert.deepEqual({ ...rows[0] }, { who: "safelight_auth", path: "auth" });
  await assert.rejects(database.auth.query("select * from public.person"), /permission denied/);
});

test("a statement that takes too long is a passing fault", async () => {
  await assert.rejects(
    database.transaction(NO_SCOPE, async (tx) => {
      await sql`set local statement_timeout = 50`.execute(tx);
      await sql`select pg_sleep(5)`.execute(tx);
    }),
    faultOfCode("database.unavailable"),
  );
});

test("while the database is gone everything is database.unavailable; then it works again by itself", async () => {
  const pid = readPidFile(join(dataDir, "postgres", "cluster"))?.pid ?? 0;
  const inside = database.transaction(scope(A), async (tx) => {
    process.kill(pid, "SIGKILL");
    await delay(100);
    await labels(tx);
  });
  await assert.rejects(inside, faultOfCode("database.unavailable"));
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      assert.ok((await database.read(scope(A), labels)).includes(`of ${A}`));
      break;
    } catch (error) {
      assert.ok(faultOfCode("database.unavailable")(error), String(error));
      assert.ok(Date.now() < end, "it did not come back");
      await delay(50);
    }
  }
  assert.equal(await database.healthy(), true);
});

test("a text that PostgreSQL cannot keep is the sender's fault, in a column, in JSON and in a comparison", async () => {
  for (const query of [
    sql`insert into thing (organisation, label) values (${A}, ${"a\0b"})`,
    sql`insert into thing (organisation, extra) values (${A}, ${JSON.stringify({ note: "a\0b" })}::jsonb)`,
    sql`select ${JSON.stringify({ note: "a\0b" })}::jsonb ->> 'note'`,
    sql`select from thing where label = ${"a\0b"}`,
  ])
    await assert.rejects(
      database.transaction(scope(A), (tx) => query.execute(tx)),
      faultOfCode("input.invalid"),
    );
});
