import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { EmbeddedServer } from "#platform/postgres/embedded/server.ts";
import { type FoundIn, Needles } from "./needles.ts";
import { Stories } from "./stories.ts";

/**
 * Acceptance 5: after a whole run of stories every value that could name somebody is searched for in the data directory, the
 * database's files and logs, what the server said, temporary files and a backup. It is found in the tables that
 * docs/threat-model.md lists, and nowhere else.
 */
const THREAT_MODEL = join(import.meta.dirname, "../../docs/threat-model.md");

/** Which value may lie in clear in which table. Every other one lies nowhere. */
const PLACES: readonly { field: RegExp; tables: readonly string[] }[] = [
  { field: /^(family|given) name, by (C-STORE|STOW|import|upload)$/, tables: ["patient", "study", "study_search"] },
  { field: /^(patient ID|issuer|birth date), by (C-STORE|STOW|import|upload)$/, tables: ["patient", "study"] },
  { field: /^study description, by (C-STORE|STOW|import|upload)$/, tables: ["study", "study_search"] },
  { field: /^(accession number|study ID|referring physician), by (C-STORE|STOW|import|upload)$/, tables: ["study"] },
  { field: /^series description, by (C-STORE|STOW|import|upload)$/, tables: ["series"] },
  { field: /^user's address$/, tables: ["person", "invitation", "auth.user"] },
  { field: /^user's name$/, tables: ["person", "invitation"] },
  { field: /^invited (address|name)$/, tables: ["person", "invitation"] },
  { field: /^(partner )?organisation$/, tables: ["organisation", "consent_form_version", "device"] },
  { field: /^agreement's reference$/, tables: ["agreement"] },
  { field: /^link's recipient$/, tables: ["link"] },
  { field: /^address for codes$/, tables: ["link"] },
  { field: /^link's browser$/, tables: ["link_session"] },
  { field: /^token's name$/, tables: ["machine_token"] },
  { field: /^note of (a share|an order)$/, tables: ["access_grant"] },
  { field: /^(consent's recipient|reason of an end)$/, tables: ["consent_event"] },
];

const stories = new Stories();
let tables: Map<string, string>;
let found: FoundIn[];

before(async () => {
  await stories.begin();
  await stories.tellAll();
  tables = await asSuperuser(async (admin) => {
    await admin.query("analyze");
    await admin.query("checkpoint"); // what memory holds goes to the files
    return tablesByFile(admin);
  });
  await stories.end();
  found = new Needles(stories.planted).below(stories.dataDir, stories.logs, stories.temporary, stories.backup);
});

after(async () => {
  await stories.end();
  stories.remove();
});

async function asSuperuser<T>(ask: (admin: pg.Client) => Promise<T>): Promise<T> {
  const server = await EmbeddedServer.start({ dataDir: stories.dataDir });
  const admin = new pg.Client(server.admin("safelight"));
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.end();
    await server.stop();
  }
}

/** Whose bytes lie in which file: a table's, its index's, its long values'. */
async function tablesByFile(admin: pg.Client): Promise<Map<string, string>> {
  const { rows } = await admin.query<{ file: string; name: string }>(`
    with relation as (select c.oid, pg_relation_filepath(c.oid) as file, coalesce(i.indrelid, c.oid) as at from pg_class c left join pg_index i on i.indexrelid = c.oid),
      owning as (select r.file, coalesce(t.oid, r.at) as at from relation r left join pg_class t on t.reltoastrelid = r.at where r.file is not null)
    select o.file, case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname as name
    from owning o join pg_class c on c.oid = o.at join pg_namespace n on n.oid = c.relnamespace`);
  return new Map(rows.map(({ file, name }) => [file, name]));
}

/** The table of a file, "WAL" for the log of all of them, or the path itself. */
function placeOf(path: string): string {
  const [, inside] = /\/cluster\/(.*)$/.exec(path) ?? [];
  if (inside === undefined) return relative(stories.folder, path);
  if (inside.startsWith("pg_wal/")) return "WAL";
  return tables.get(inside.replace(/(\.\d+|_fsm|_vm)$/, "")) ?? inside;
}

const allowed = (field: string): readonly string[] => PLACES.find((place) => place.field.test(field))?.tables ?? [];
/** What the planner keeps of the columns it has looked at. */
const SAMPLES = "pg_catalog.pg_statistic";

/** First column of the table "In clear in PostgreSQL". */
function listed(): string[] {
  const [, after = ""] = readFileSync(THREAT_MODEL, "utf8").split("**In clear in PostgreSQL**");
  const rows = (after.split("\n\n")[1] ?? "").split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ""));
}

test("the stories were told: what a search must find is where it is kept", () => {
  for (const way of ["C-STORE", "STOW", "import", "upload"])
    for (const table of ["patient", "study", "study_search"])
      assert.ok(
        found.some(({ field, path }) => field === `family name, by ${way}` && placeOf(path) === table),
        `the name that came by ${way} is not in ${table}`,
      );
  assert.ok(stories.planted.length > 150);
});

test("no value lies anywhere but in the tables it belongs to, and their write-ahead log", () => {
  const strays = found
    .map((one) => ({ ...one, place: placeOf(one.path) }))
    .filter(({ field, place }) => {
      const places = allowed(field);
      return places.length === 0 || ![...places, "WAL", SAMPLES].includes(place);
    })
    .map(({ field, place, as }) => `${field} (${as}) in ${place}`);
  assert.deepEqual([...new Set(strays)].sort(), []);
});

test("docs/threat-model.md lists every table in which something lies in clear", () => {
  const places = new Set(found.map(({ path }) => placeOf(path)).filter((place) => place !== "WAL"));
  assert.deepEqual(
    [...places].filter((place) => !listed().includes(place)),
    [],
  );
});

test("what the table of this test allows is true: each place holds its value", () => {
  const seen = new Set(found.map(({ field, path }) => `${field} ${placeOf(path)}`));
  for (const { field, tables: places } of PLACES)
    for (const place of places)
      assert.ok(
        stories.planted.some((one) => field.test(one.field) && seen.has(`${one.field} ${place}`)),
        `${String(field)} does not lie in ${place}`,
      );
});

test("a search for what lies in clear in no table finds it in no encoding", () => {
  const [value] = stories.planted;
  assert.ok(value);
  const needles = new Needles([{ field: "a", value: "Grünwäldchen" }]);
  for (const [encoding, bytes] of [
    ["utf8", Buffer.from("xxGRÜNWÄLDCHENxx")],
    ["latin1", Buffer.from("xxGrünwäldchenxx", "latin1")],
    ["utf16le", Buffer.from("xgrünwäldchenx", "utf16le")],
    ["base64", Buffer.from(Buffer.from("{name: Grünwäldchen, …}").toString("base64"))],
    ["hex", Buffer.from(Buffer.from("Grünwäldchen").toString("hex"))],
  ] as const)
    assert.equal(needles.in(bytes).length, 1, encoding);
  assert.deepEqual(needles.in(Buffer.from("Grunwaldchen")), []);
});
