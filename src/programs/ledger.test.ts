import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readConfig } from "#platform/config.ts";
import { main } from "./cli.ts";
import { openOffice } from "./node.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-ledger-"));
const dataDir = join(folder, "data");
process.env["SAFELIGHT_DATA_DIR"] = dataDir;
after(() => rmSync(folder, { recursive: true, force: true }));

type Report = { organisation: string; findings: { kind: string; from: number; to: number }[] };

async function run(...args: string[]) {
  const said = { out: "", err: "" };
  const code = await main([...args, "--json"], {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  });
  const json = said.out === "" ? {} : (JSON.parse(said.out) as { id?: string; ledgers?: Report[] });
  return { code, err: said.err, json, findings: (json.ledgers ?? []).flatMap(({ findings }) => findings) };
}

async function sql(text: string): Promise<void> {
  const office = await openOffice(readConfig());
  try {
    await office.database.owner.query(text);
  } finally {
    await office.close();
  }
}

const EXPORT = join(folder, "export.jsonl");
let organisation = "";
let note = "";
let key = "";

before(async () => {
  organisation = (await run("admin", "org", "create", "--name", "Clinic")).json.id ?? "";
  assert.equal((await run("ledger", "checkpoint")).code, 0);
  assert.equal((await run("ledger", "export", "--org", "Clinic", "--to", EXPORT)).code, 0);
  key = (JSON.parse(readFileSync(EXPORT, "utf8").split("\n")[0] ?? "") as { publicKey: string }).publicKey;
  const witness = join(dataDir, "witness", organisation);
  note = join(witness, readdirSync(witness).sort().at(-1) ?? "");
});

test("an honest record verifies, here, in its export, with the public key and a witness's checkpoint", async () => {
  assert.equal((await run("ledger", "verify", "--key", key, "--since", note)).code, 0);
  assert.equal((await run("ledger", "verify", "--export", EXPORT, "--key", key, "--since", note)).code, 0);
  const file = join(folder, "key.txt");
  writeFileSync(file, `The key of our record:\n${key}\n`);
  assert.equal((await run("ledger", "verify", "--export", EXPORT, "--key", file)).code, 0);
});

test("an export verifies without a data directory or a database", async () => {
  process.env["SAFELIGHT_DATA_DIR"] = join(folder, "nowhere");
  assert.equal((await run("ledger", "verify", "--export", EXPORT, "--key", key)).code, 0);
  process.env["SAFELIGHT_DATA_DIR"] = dataDir;
  assert.ok(!readdirSync(folder).includes("nowhere"));
});

test("a changed export ends with 1 and names the entry; a cut one says so", async () => {
  const changed = join(folder, "changed.jsonl");
  writeFileSync(changed, readFileSync(EXPORT, "utf8").replace("ledger.key", "ledger.kez"));
  const found = await run("ledger", "verify", "--export", changed, "--key", key);
  assert.deepEqual([found.code, found.findings.map(({ kind, from }) => [kind, from])[0]], [1, ["changed", 1]]);
  const cut = join(folder, "cut.jsonl");
  writeFileSync(cut, readFileSync(EXPORT, "utf8").split("\n").slice(0, 3).join("\n"));
  assert.ok(
    (await run("ledger", "verify", "--export", cut, "--key", key)).findings.some(({ kind }) => kind === "tail-cut"),
  );
});

test("wrong use ends with 2, what cannot be done with 3", async () => {
  const stranger = note.replace(organisation, organisation);
  const other = join(folder, "other.note");
  writeFileSync(other, readFileSync(stranger, "utf8").replaceAll(organisation, "0190f3a0-7c1e-7000-8000-000000000001"));
  assert.equal((await run("ledger", "verify", "--since", other)).code, 2, "a checkpoint of a record that is not here");
  assert.equal((await run("ledger", "verify", "--nonsense")).code, 2);
  assert.equal((await run("ledger", "verify", "--export", join(folder, "missing"))).code, 3);
  assert.equal((await run("ledger", "verify", "--since", EXPORT)).code, 3);
  assert.equal((await run("ledger", "verify", "--org", "Nobody")).code, 3);
  assert.equal((await run("ledger", "export", "--org", "Clinic", "--to", EXPORT)).code, 3, "no file is written over");
});

test("a column changed in the database ends with 1 and is located", async () => {
  await sql("update ledger_entry set outcome = 'refused' where leaf = 0");
  const found = await run("ledger", "verify");
  assert.deepEqual(
    [found.code, found.findings.map(({ kind, from, to }) => [kind, from, to])],
    [1, [["changed", 0, 1]]],
  );
  await sql("update ledger_entry set outcome = 'done' where leaf = 0");
  assert.equal((await run("ledger", "verify")).code, 0);
});
