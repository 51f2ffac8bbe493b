import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "#platform/postgres/db.ts";
import { schemaText } from "./schema-sql.ts";
import { typesText } from "./schema-types.ts";

/**
 * Migrates an empty database and writes what it became: db/schema.sql and the Kysely types. With `--check` it writes nothing
 * and exits 1 when either file is not what the migrations add up to.
 */
const ROOT = join(import.meta.dirname, "..");
const OUTPUTS = {
  sql: join(ROOT, "db", "schema.sql"),
  types: join(ROOT, "src", "platform", "postgres", "generated", "schema.ts"),
};

async function generate(): Promise<{ sql: string; types: string }> {
  const dataDir = mkdtempSync(join(tmpdir(), "safelight-schema-"));
  const database = await openDatabase({ dataDir, databaseUrl: undefined, databasePool: 2 }, { durable: false });
  try {
    const client = await database.owner.connect();
    try {
      return { types: await typesText(client), sql: await schemaText(client) };
    } finally {
      client.release();
    }
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function current(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const made = await generate();
const changed = (["sql", "types"] as const).filter((kind) => current(OUTPUTS[kind]) !== made[kind]);
if (process.argv.includes("--check")) {
  for (const kind of changed) console.error(`${OUTPUTS[kind]} is not what the migrations add up to: npm run generate`);
  process.exitCode = changed.length > 0 ? 1 : 0;
} else {
  for (const kind of changed) writeFileSync(OUTPUTS[kind], made[kind]);
}
