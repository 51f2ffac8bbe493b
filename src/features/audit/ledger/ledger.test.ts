import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import type { Database } from "#platform/postgres/db.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";
import { checkpointHash, readCheckpoint, signCheckpoint } from "#trust/ledger/checkpoint.ts";
import { commitDetail, entryHash, readEntry } from "#trust/ledger/entry.ts";
import { appendLeaves, EMPTY_FRONTIER, encodeFrontier, rootOf } from "#trust/ledger/merkle.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { anOrganisation, testWorld } from "../../../../test/support/people.ts";
import { makeCheckpoint } from "./checkpoints.ts";
import { numberPending } from "./numbering.ts";
import { settleLedger } from "./sequencer.ts";
import { signingKey } from "./signing-keys.ts";
import { verifyLedger } from "./verify-live.ts";
import { noteIn, WitnessFolder } from "./witness.ts";

const database: Database = await testDatabase();
const world: World = testWorld(database);
const folder = mkdtempSync(join(tmpdir(), "safelight-witness-"));
const witness = new WitnessFolder(folder);
after(() => rmSync(folder, { recursive: true, force: true }));

/** Entries as the product writes them. */
async function write(organisation: string, count: number): Promise<string[]> {
  const who = systemActor(organisation, randomUUID());
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    ids.push(
      await database.transaction({ organisation, person: null }, (tx) =>
        recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
          organisation,
          action: "study.view",
          outcome: "done",
          because: "own-care",
          study: randomUUID(),
          detail: { reason: `reason ${at}` },
        }),
      ),
    );
  }
  return ids;
}

/** A ledger of about that many entries with three checkpoints, and the notes of them. */
async function ledger(count = 30): Promise<{ organisation: string; notes: string[]; size: number }> {
  const organisation = await anOrganisation(world);
  const notes: string[] = [];
  for (const part of [1, 2, 3]) {
    await write(organisation, Math.floor(count / 3));
    const made = await settleLedger(world, organisation, witness);
    assert.ok(made, `checkpoint ${part}`);
    notes.push(made.note);
  }
  return { organisation, notes, size: readCheckpoint(notes[2] ?? "").size };
}

const sqlAsOwner = (text: string, values: unknown[] = []) => database.owner.query(text, values);
const kinds = async (organisation: string, since: string[] = []) =>
  (await verifyLedger(world, organisation, { since })).findings.map(({ kind, from, to }) => ({ kind, from, to }));

test("an honest ledger verifies, whole and signed to its end, with every witness's checkpoint", async () => {
  const { organisation, notes, size } = await ledger();
  const report = await verifyLedger(world, organisation, { since: notes });
  assert.deepEqual(report.findings, []);
  assert.deepEqual([report.entries, report.signedTo, report.pending, report.checkpoints], [size, size, 0, 3]);
});

test("an entry that waits for its number or its checkpoint is no finding", async () => {
  const { organisation, size } = await ledger();
  await write(organisation, 2);
  assert.deepEqual(await verifyLedger(world, organisation).then((r) => [r.findings, r.pending]), [[], 2]);
  await numberPending(world, organisation);
  const report = await verifyLedger(world, organisation);
  assert.deepEqual([report.findings, report.signedTo, report.entries], [[], size, size + 2]);
});

const TAMPERINGS: { does: string; sql: string; finds: string; at?: number }[] = [
  {
    does: "the body of an entry is rewritten",
    sql: "update ledger_entry set body = replace(body, 'own-care', 'grant') where organisation = $1 and leaf = 7",
    finds: "changed",
  },
  {
    does: "the body gets a space that changes nothing",
    sql: "update ledger_entry set body = replace(body, ',', ', ') where organisation = $1 and leaf = 7",
    finds: "malformed",
  },
  ...[
    "action = 'study.share'",
    "outcome = 'refused'",
    "because = 'grant'",
    "actor_kind = 'person'",
    `actor = '${randomUUID()}'`,
    `study = '${randomUUID()}'`,
    "study = null",
    `patient = '${randomUUID()}'`,
    `subject = '${randomUUID()}'`,
    "purpose = 'care'",
    "at = at + interval '1 microsecond'",
  ].map((change) => ({
    does: `the column ${change.split(" ")[0]} alone is changed (${change.replace(/'.{36}'/, "…")})`,
    sql: `update ledger_entry set ${change} where organisation = $1 and leaf = 7`,
    finds: "changed",
  })),
  {
    does: "the leaf's hash is changed",
    sql: "update ledger_entry set leaf_hash = sha256('x') where organisation = $1 and leaf = 7",
    finds: "changed",
  },
  {
    does: "the leaf's hash is taken away",
    sql: "update ledger_entry set leaf_hash = null where organisation = $1 and leaf = 7",
    finds: "changed",
  },
  {
    does: "an entry is deleted",
    sql: "delete from ledger_entry where organisation = $1 and leaf = 7",
    finds: "missing",
  },
  {
    does: "a detail is deleted",
    sql: "delete from ledger_detail where organisation = $1 and entry = (select id from ledger_entry where organisation = $1 and leaf = 7)",
    finds: "detail",
  },
  {
    does: "a detail is exchanged for another entry's",
    sql: "update ledger_detail d set sealed = o.sealed, salt = o.salt from ledger_detail o where d.organisation = $1 and d.entry = (select id from ledger_entry where organisation = $1 and leaf = 7) and o.organisation = $1 and o.entry = (select id from ledger_entry where organisation = $1 and leaf = 8)",
    finds: "detail",
  },
  {
    does: "the tail is cut",
    sql: "delete from ledger_entry where organisation = $1 and leaf > 27",
    finds: "missing",
    at: 28,
  },
  {
    does: "a checkpoint is deleted",
    sql: "delete from ledger_checkpoint where organisation = $1 and size = (select min(size) from ledger_checkpoint where organisation = $1)",
    finds: "checkpoint",
    at: 0,
  },
  {
    does: "a checkpoint's note is rewritten",
    sql: "update ledger_checkpoint set note = replace(note, 'time 20', 'time 19') where organisation = $1",
    finds: "checkpoint",
    at: 0,
  },
  {
    does: "the kept tree is changed",
    sql: "update ledger_tree set size = size - 1 where organisation = $1",
    finds: "malformed",
    at: -1,
  },
];

for (const { does, sql, finds, at = 7 } of TAMPERINGS) {
  test(`it is found and located when ${does}`, async () => {
    const { organisation, size } = await ledger();
    const { rowCount } = await sqlAsOwner(sql, [organisation]);
    assert.ok(rowCount, "the tampering changed something");
    const found = await kinds(organisation);
    const place = at < 0 ? size : at;
    assert.ok(
      found.some(({ kind, from, to }) => kind === finds && from <= place && (place < to || from === to)),
      JSON.stringify(found),
    );
  });
}

test("two entries that change places are found", async () => {
  const { organisation } = await ledger();
  await sqlAsOwner(
    "update ledger_entry set leaf = case leaf when 7 then 1000 else 1001 end where organisation = $1 and leaf in (7, 8)",
    [organisation],
  );
  await sqlAsOwner(
    "update ledger_entry set leaf = case leaf when 1000 then 8 else 7 end where organisation = $1 and leaf in (1000, 1001)",
    [organisation],
  );
  assert.ok((await kinds(organisation)).some(({ kind, from }) => kind === "changed" && from === 7));
});

test("an entry made by hand never gets a number, and is found, with whatever body and number it comes", async () => {
  const { organisation, size } = await ledger();
  const columns =
    "organisation, id, at, action, outcome, actor_kind, actor, purpose, because, patient, study, subject, body";
  const id = randomUUID();
  await sqlAsOwner(
    `insert into ledger_entry (${columns}) select organisation, $2::uuid, at, action, outcome, actor_kind, actor, purpose, because, patient, study, subject,
       replace(body, id::text, $2::uuid::text) from ledger_entry where organisation = $1 and leaf = 3`,
    [organisation, id],
  );
  await sqlAsOwner(
    "insert into ledger_detail (organisation, entry, salt, sealed) select d.organisation, $2::uuid, d.salt, d.sealed from ledger_detail d join ledger_entry e on e.organisation = d.organisation and e.id = d.entry where e.organisation = $1 and e.leaf = 3",
    [organisation, id],
  );
  assert.deepEqual(await numberPending(world, organisation), { numbered: 0, strange: 1, busy: false });
  assert.deepEqual(await kinds(organisation), [{ kind: "inserted", from: size, to: size }]);
  await sqlAsOwner("update ledger_entry set leaf = $3, leaf_hash = sha256('x') where organisation = $1 and id = $2", [
    organisation,
    id,
    size,
  ]);
  const found = await kinds(organisation);
  assert.ok(
    found.some(({ kind, from }) => kind === "inserted" && from === size),
    JSON.stringify(found),
  );
  assert.ok(
    found.some(({ kind, from }) => kind === "detail" && from === size),
    JSON.stringify(found),
  );
});

/** Rewrites the ledger from an entry on with everything the server has: hashes, tree, nodes, checkpoints signed with its own key. */
async function rewrite(
  organisation: string,
  keep: number,
  change: (body: Record<string, unknown>) => void,
  sizes: number[],
): Promise<void> {
  const { rows } = await sqlAsOwner("select id, leaf, body from ledger_entry where organisation = $1 order by leaf", [
    organisation,
  ]);
  const key = await database.transaction({ organisation, person: null }, (tx) =>
    signingKey(tx, world.keyring, organisation, randomUUID()),
  );
  await sqlAsOwner("delete from ledger_checkpoint where organisation = $1", [organisation]);
  await sqlAsOwner("delete from ledger_entry where organisation = $1 and leaf >= $2", [organisation, sizes.at(-1)]);
  let tree = EMPTY_FRONTIER;
  let previous: Buffer | undefined;
  for (const row of (rows as { id: string; leaf: number; body: string }[]).slice(0, sizes.at(-1))) {
    const body = JSON.parse(row.body) as Record<string, unknown>;
    if (row.leaf === keep) change(body);
    const hash = entryHash(readEntry({ ...body, sequence: row.leaf }));
    tree = appendLeaves(tree, [hash]);
    await sqlAsOwner(
      "update ledger_entry set body = $3, because = $5, leaf_hash = $4 where organisation = $1 and id = $2",
      [organisation, row.id, canonicalJson(body), hash, body.because],
    );
    if (!sizes.includes(tree.size)) continue;
    const note = signCheckpoint({ organisation, size: tree.size, root: rootOf(tree), previous, at: new Date() }, key);
    previous = checkpointHash(note);
    await sqlAsOwner(
      "insert into ledger_checkpoint (organisation, size, root, note, frontier) values ($1, $2, $3, $4, $5)",
      [organisation, tree.size, rootOf(tree), note, encodeFrontier(tree)],
    );
  }
  await sqlAsOwner("update ledger_tree set size = $2, frontier = $3 where organisation = $1", [
    organisation,
    tree.size,
    encodeFrontier(tree),
  ]);
}

test("with superuser and signing key an entry is rewritten: only a witness's checkpoint shows it, and does", async () => {
  const { organisation, notes, size } = await ledger();
  const sizes = notes.map((note) => readCheckpoint(note).size);
  await rewrite(organisation, 5, (body) => Object.assign(body, { because: "grant" }), sizes);
  assert.deepEqual(await kinds(organisation), [], "the ledger alone cannot show it");
  for (const note of notes)
    assert.deepEqual(await kinds(organisation, [note]), [{ kind: "fork", from: 0, to: readCheckpoint(note).size }]);
  assert.equal(size, sizes.at(-1));
});

test("with superuser and signing key the tail is cut and signed again: the witness's checkpoint shows from where", async () => {
  const { organisation, notes, size } = await ledger();
  await rewrite(organisation, -1, () => undefined, [readCheckpoint(notes[0] ?? "").size, size - 5]);
  assert.deepEqual(await kinds(organisation), []);
  assert.deepEqual(await kinds(organisation, [notes[2] ?? ""]), [{ kind: "tail-cut", from: size - 5, to: size }]);
});

test("a fork that grew on past the witness's size is found", async () => {
  const { organisation, notes, size } = await ledger();
  const known = readCheckpoint(notes[1] ?? "").size;
  await rewrite(organisation, -1, () => undefined, [known]);
  await write(organisation, 40);
  await settleLedger(world, organisation, { keep: async () => undefined });
  assert.deepEqual(await kinds(organisation), []);
  assert.deepEqual(await kinds(organisation, notes), [{ kind: "fork", from: 0, to: size }]);
});

test("a signing key that somebody put into the database verifies nothing", async () => {
  const { organisation } = await ledger();
  await sqlAsOwner("update ledger_signing_key set public_key = sha256('mine') where organisation = $1", [organisation]);
  const report = await verifyLedger(world, organisation);
  assert.ok(report.findings.some(({ kind, says }) => kind === "checkpoint" && /did not make/.test(says)));
  assert.equal(report.checkpoints, 0);
});

test("the witness folder is written once: mode 0400, one file a checkpoint, and a fork stands beside it", async () => {
  const { organisation, notes } = await ledger();
  const files = readdirSync(join(folder, "witness", organisation)).sort();
  assert.equal(files.length, notes.length);
  for (const [at, file] of files.entries()) {
    const path = join(folder, "witness", organisation, file);
    assert.equal(statSync(path).mode & 0o777, 0o400);
    assert.equal(readFileSync(path, "utf8"), notes[at]);
  }
  const kept = await witness.notes(organisation);
  assert.deepEqual(kept, notes);
  const last = readCheckpoint(notes[2] ?? "");
  const key = await database.transaction({ organisation, person: null }, (tx) =>
    signingKey(tx, world.keyring, organisation, randomUUID()),
  );
  await witness.keep(signCheckpoint({ ...last, root: new Uint8Array(32) }, key));
  assert.equal((await witness.notes(organisation)).length, 4);
});

test("a checkpoint is found again in the message it was mailed in, quoted or not, with any line ends", async () => {
  const { notes } = await ledger();
  const note = notes[0] ?? "";
  assert.equal(noteIn(note), note);
  assert.equal(noteIn(`Dear officer,\r\n\r\n${note.replaceAll("\n", "\r\n")}\r\n-- \r\nbye`), note);
  assert.equal(
    noteIn(
      note
        .split("\n")
        .map((line) => `> ${line}`)
        .join("\n"),
    ),
    note,
  );
  assert.throws(() => noteIn("nothing here"), { code: "input.invalid" });
});

test("two nodes number one ledger at once and no number is given twice", async () => {
  const organisation = await anOrganisation(world);
  await write(organisation, 40);
  await Promise.all([1, 2, 3, 4].map(() => numberPending(world, organisation)));
  await numberPending(world, organisation);
  const { rows } = await sqlAsOwner(
    "select count(*)::int as all, count(distinct leaf)::int as distinct, max(leaf)::int as top from ledger_entry where organisation = $1",
    [organisation],
  );
  assert.deepEqual(rows[0], { all: rows[0].all, distinct: rows[0].all, top: rows[0].all - 1 });
  await makeCheckpoint(world, organisation, randomUUID(), witness);
  assert.deepEqual(await kinds(organisation), []);
});

test("what could never be an entry is refused when it is written", async () => {
  const organisation = await anOrganisation(world);
  await assert.rejects(
    database.transaction({ organisation, person: null }, (tx) =>
      recordEntry({ tx, now: tx.now, keyring: world.keyring }, systemActor(organisation, randomUUID()), {
        organisation,
        action: "study.view",
        outcome: "done",
        because: "A name with spaces",
      }),
    ),
    { code: "input.invalid" },
  );
  assert.ok(commitDetail({}).commitment);
});
