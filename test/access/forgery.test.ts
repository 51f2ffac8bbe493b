import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { signingKey } from "#features/audit/ledger/signing-keys.ts";
import { readConfig } from "#platform/config.ts";
import { main } from "#programs/cli.ts";
import { type Office, openOffice } from "#programs/node.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";
import { signCheckpoint } from "#trust/ledger/checkpoint.ts";
import { entryHash, readEntry } from "#trust/ledger/entry.ts";
import { appendLeaves, EMPTY_FRONTIER, encodeFrontier, rootOf } from "#trust/ledger/merkle.ts";

/**
 * Acceptance 5, by the shell alone: somebody with the database's superuser and the server's own signing key forges the record,
 * signs it anew and leaves no seam. `ledger verify` agrees with them; `ledger verify --since CHECKPOINT` does not.
 */
const folder = mkdtempSync(join(tmpdir(), "safelight-forgery-"));
process.env["SAFELIGHT_DATA_DIR"] = join(folder, "data");
after(() => rmSync(folder, { recursive: true, force: true }));

type Finding = { kind: string; from: number; to: number };
type Answer = { id?: string; ledgers?: { organisation: string; findings: Finding[] }[] };

async function shell(...words: string[]): Promise<{ code: number; json: Answer }> {
  let out = "";
  const code = await main([...words, "--json"], { out: (text) => void (out += text), err: () => undefined });
  return { code, json: out === "" ? {} : (JSON.parse(out) as Answer) };
}

async function inOffice<T>(work: (office: Office) => Promise<T>): Promise<T> {
  const office = await openOffice(readConfig());
  try {
    return await work(office);
  } finally {
    await office.close();
  }
}

const houses: Record<"rewritten" | "cut" | "forked", { id: string; note: string }> = {
  rewritten: { id: "", note: "" },
  cut: { id: "", note: "" },
  forked: { id: "", note: "" },
};
const happen = (name: string) => shell("admin", "token", "create", "--org", name, "--scope", "fhir.read");

before(async () => {
  mkdirSync(join(folder, "witness"));
  for (const [name, house] of Object.entries(houses)) {
    house.id = (await shell("admin", "org", "create", "--name", name)).json.id ?? "";
    for (let at = 0; at < 3; at++) await happen(name);
  }
  assert.equal((await shell("ledger", "checkpoint")).code, 0);
  for (const [name, house] of Object.entries(houses)) {
    const notes = join(folder, "data", "witness", house.id);
    house.note = join(folder, "witness", name); // where the forger does not come
    cpSync(join(notes, readdirSync(notes).sort().at(-1) ?? ""), house.note);
  }
});

/** Also the witness folder of the house itself lies in the forger's hands. The record from its first entry on, changed and signed anew with everything the server has; `keep` entries of it. */
async function forge(
  id: string,
  keep: number,
  change: (body: Record<string, unknown>, leaf: number) => void,
): Promise<void> {
  rmSync(join(folder, "data", "witness", id), { recursive: true, force: true });
  await inOffice(async ({ database, keyring }) => {
    const key = await database.transaction({ organisation: id, person: null }, (tx) =>
      signingKey(tx, keyring, id, randomUUID()),
    );
    const { owner } = database;
    const { rows } = await owner.query<{ id: string; leaf: number; body: string }>(
      "select id, leaf::int as leaf, body from ledger_entry where organisation = $1 order by leaf",
      [id],
    );
    await owner.query("delete from ledger_checkpoint where organisation = $1", [id]);
    await owner.query(
      "delete from ledger_detail d using ledger_entry e where e.organisation = $1 and d.organisation = $1 and d.entry = e.id and e.leaf >= $2",
      [id, keep],
    );
    await owner.query("delete from ledger_entry where organisation = $1 and leaf >= $2", [id, keep]);
    let tree = EMPTY_FRONTIER;
    for (const row of rows.slice(0, keep)) {
      const body = JSON.parse(row.body) as Record<string, unknown>;
      change(body, row.leaf);
      const hash = entryHash(readEntry({ ...body, sequence: row.leaf }));
      tree = appendLeaves(tree, [hash]);
      await owner.query(
        "update ledger_entry set body = $3, because = $4, leaf_hash = $5 where organisation = $1 and id = $2",
        [...[id, row.id, canonicalJson(body)], ...[body["because"], hash]],
      );
    }
    const note = signCheckpoint(
      { organisation: id, size: tree.size, root: rootOf(tree), previous: undefined, at: new Date() },
      key,
    );
    await owner.query(
      "insert into ledger_checkpoint (organisation, size, root, note, frontier) values ($1, $2, $3, $4, $5)",
      [...[id, tree.size, rootOf(tree), note, encodeFrontier(tree)]],
    );
    await owner.query("update ledger_tree set size = $2, frontier = $3 where organisation = $1", [
      id,
      tree.size,
      encodeFrontier(tree),
    ]);
  });
}

async function verify(name: keyof typeof houses, ...more: string[]): Promise<{ code: number; kinds: string[] }> {
  const { code, json } = await shell("ledger", "verify", "--org", name, ...more);
  return { code, kinds: (json.ledgers ?? []).flatMap(({ findings }) => findings.map(({ kind }) => kind)) };
}

const since = (name: keyof typeof houses): Promise<{ code: number; kinds: string[] }> =>
  verify(name, "--since", houses[name].note);

test("an honest record holds against what its witness kept", async () => {
  for (const name of ["rewritten", "cut", "forked"] as const)
    assert.deepEqual(await since(name), { code: 0, kinds: [] });
});

test("a rewritten entry is found", async () => {
  await forge(houses.rewritten.id, 1000, (body, leaf) => {
    if (leaf === 2) body["because"] = "own-care";
  });
  assert.deepEqual(await verify("rewritten"), { code: 0, kinds: [] }, "without a witness nothing shows");
  assert.deepEqual(await since("rewritten"), { code: 1, kinds: ["fork"] });
});

test("a tail that was cut off is found", async () => {
  await forge(houses.cut.id, 3, () => undefined);
  assert.deepEqual(await verify("cut"), { code: 0, kinds: [] });
  assert.deepEqual(await since("cut"), { code: 1, kinds: ["tail-cut"] });
});

test("a tree that was forked and grew on past its witness is found", async () => {
  await forge(houses.forked.id, 3, () => undefined);
  for (let at = 0; at < 6; at++) await happen("forked");
  assert.equal((await shell("ledger", "checkpoint")).code, 0);
  assert.deepEqual(await verify("forked"), { code: 0, kinds: [] });
  assert.deepEqual(await since("forked"), { code: 1, kinds: ["fork"] });
});
