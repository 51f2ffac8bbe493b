import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import pg from "pg";
import { migrate, readMigrations } from "#platform/postgres/migrate.ts";
import { openServer } from "#platform/postgres/server.ts";

/** A database of its own as it was before the migration of this number ("0013"), and the way on to what it is today. */
export async function databaseBefore(
  t: TestContext,
  number: string,
): Promise<{ owner: pg.Pool; goOn: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), `safelight-before-${number}-`));
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
    all.filter(({ name }) => name < number),
  );
  return { owner, goOn: async () => void (await migrate(owner, all)) };
}
