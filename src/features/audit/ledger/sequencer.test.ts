import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemActor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { openLog } from "#platform/log.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { lettersIn } from "../../../../test/support/letters.ts";
import { anOrganisation, aPerson, peopleHouse } from "../../../../test/support/people.ts";
import { Sequencer, settleLedger } from "./sequencer.ts";
import { verifyLedger } from "./verify-live.ts";
import { noteIn } from "./witness.ts";

const database = await testDatabase();
const house = peopleHouse(database);
const { world } = house;
const log = openLog({ level: "silent" });

async function write(organisation: string): Promise<string> {
  return database.transaction({ organisation, person: null }, (tx) =>
    recordEntry({ tx, now: tx.now, keyring: world.keyring }, systemActor(organisation, randomUUID()), {
      organisation,
      action: "study.view",
      outcome: "done",
      because: "own-care",
    }),
  );
}

const leafOf = async (id: string) =>
  (await database.owner.query<{ leaf: number | null }>("select leaf from ledger_entry where id = $1", [id])).rows[0]
    ?.leaf;
const checkpointsOf = async (organisation: string) =>
  (
    await database.owner.query<{ note: string }>(
      "select note from ledger_checkpoint where organisation = $1 order by size",
      [organisation],
    )
  ).rows.map(({ note }) => note);

async function until(holds: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; await delay(20)) if (await holds()) return true;
  return false;
}

test("an entry has its number within a second; checkpoints come once a period and at the end, each naming the one before", async () => {
  const organisation = await anOrganisation(world);
  const kept: string[] = [];
  const news: string[] = [];
  const sequencer = new Sequencer({
    world,
    log,
    witness: { keep: async (note) => void kept.push(note) },
    onNews: async (about) => void news.push(about),
    everyMs: 100,
    checkpointMs: 1_500,
  });
  sequencer.start();
  assert.ok(
    await until(async () => (await checkpointsOf(organisation)).length === 1, 10_000),
    "the first checkpoint needs no waiting",
  );
  const first = await write(organisation);
  assert.ok(await until(async () => (await leafOf(first)) != null, 1_000), "numbered within a second");
  assert.equal((await checkpointsOf(organisation)).length, 1, "the second one waits for its time");
  assert.ok(await until(async () => (await checkpointsOf(organisation)).length === 2, 5_000));
  const last = await write(organisation);
  await sequencer.stop();
  const notes = await checkpointsOf(organisation);
  assert.equal(notes.length, 3, "stopping signs what is left");
  assert.equal(readCheckpoint(notes[2] ?? "").size, Number(await leafOf(last)) + 1);
  assert.deepEqual(
    kept.filter((note) => readCheckpoint(note).organisation === organisation),
    notes,
  );
  assert.ok(news.includes(organisation));
  const report = await verifyLedger(world, organisation, {
    since: kept.filter((note) => readCheckpoint(note).organisation === organisation),
  });
  assert.deepEqual([report.findings, report.signedTo === report.entries, report.pending], [[], true, 0]);
});

test("where there is no news there is no checkpoint", async () => {
  const organisation = await anOrganisation(world);
  const witness = { keep: async () => undefined };
  await settleLedger(world, organisation, witness);
  await settleLedger(world, organisation, witness);
  assert.equal((await checkpointsOf(organisation)).length, 1);
});

test("privacy officers get the checkpoint by mail, once a day, in a message that verification reads", async () => {
  const organisation = await anOrganisation(world);
  const officer = await aPerson(house, organisation, "privacy-officer");
  await aPerson(house, organisation, "radiologist");
  const witness = { keep: async () => undefined };
  const made = await settleLedger(world, organisation, witness);
  await write(organisation);
  await settleLedger(world, organisation, witness);
  const letters = async () => (await lettersIn(world)).filter(({ to }) => to === officer.email);
  assert.equal((await lettersIn(world)).length, 1);
  assert.equal(noteIn((await letters())[0]?.body ?? ""), made?.note);
  await database.owner.query(
    "update ledger_witness set at = at - interval '25 hours' where organisation = $1 and kind = 'mail'",
    [organisation],
  );
  await write(organisation);
  await settleLedger(world, organisation, witness);
  assert.equal((await letters()).length, 2);
});

test("one ledger's damage does not keep the others from their numbers", async () => {
  const [broken, whole] = [await anOrganisation(world), await anOrganisation(world)];
  await settleLedger(world, broken, { keep: async () => undefined });
  await database.owner.query("update ledger_tree set size = size + 1 where organisation = $1", [broken]);
  const [lost, fine] = [await write(broken), await write(whole)];
  const sequencer = new Sequencer({ world, log, witness: { keep: async () => undefined }, everyMs: 50 });
  sequencer.start();
  assert.ok(await until(async () => (await leafOf(fine)) != null, 5_000));
  await sequencer.stop();
  assert.equal(await leafOf(lost), null);
});
