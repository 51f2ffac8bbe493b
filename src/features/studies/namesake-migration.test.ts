import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { uuidv7 } from "#kit/uuid.ts";
import { migrate, readMigrations } from "#platform/postgres/migrate.ts";
import { openServer } from "#platform/postgres/server.ts";

test("patients from before are the first of their ID, and an ID has room for others beside them", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "safelight-namesakes-"));
  const server = await openServer({ dataDir, durable: false });
  const owner = new pg.Pool(server.as("owner"));
  owner.on("error", () => undefined); // the server ends before a connection's farewell is read
  owner.on("connect", (client) => client.on("error", () => undefined));
  t.after(async () => {
    await owner.end();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const all = readMigrations();
  await migrate(
    owner,
    all.filter(({ name }) => name < "0015"),
  );
  const clinic = uuidv7();
  await owner.query("insert into organisation (id, name, kind) values ($1, 'clinic', 'clinic')", [clinic]);
  const add = (columns: string, ...values: unknown[]) =>
    owner.query(
      `insert into patient (organisation, id, patient_id${columns}) values ($1, $2, $3${values.map((_, at) => `, $${at + 4}`).join("")})`,
      [clinic, uuidv7(), "12345", ...values],
    );
  await add("");
  await migrate(owner, all);
  const { rows } = await owner.query("select patient_id, namesake from patient");
  assert.deepEqual(rows, [{ patient_id: "12345", namesake: 0 }]);
  await add(", namesake", 1);
  await assert.rejects(add(""), /patient_identity/);
});
