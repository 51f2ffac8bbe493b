import assert from "node:assert/strict";
import { test } from "node:test";
import { openDetail } from "#features/audit/record.ts";
import { type Knock, Strangers } from "#features/people/strangers.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation, testWorld } from "../../../test/support/people.ts";

const database = await testDatabase();
const world = testWorld(database);
const house = await anOrganisation(world);

type Told = { because: string; count: unknown; source: unknown; reasons: unknown };

/** What stands on the record of a door. */
async function entries(door: Knock["door"]): Promise<Told[]> {
  const { rows } = await database.owner.query<{ id: string; because: string; sealed: Buffer }>(
    "select e.id, e.because, d.sealed from ledger_entry e join ledger_detail d on d.organisation = e.organisation and d.entry = e.id where e.organisation = $1 and e.action = $2 order by e.id",
    [house, `${door}.stranger`],
  );
  return database.read({ organisation: house, person: null }, async (tx) => {
    const told: Told[] = [];
    for (const { id, because, sealed } of rows) {
      const { count, source, reasons } = await openDetail(tx, world.keyring, house, id, sealed);
      told.push({ because, count, source, reasons });
    }
    return told;
  });
}

function aDoor() {
  const clock = { ms: 0 };
  const strangers = new Strangers(world, () => clock.ms);
  return { clock, strangers };
}

test("a source that keeps knocking leaves one entry a minute with its count, the first at once", async () => {
  const { clock, strangers } = aDoor();
  const knock = (because = "unknown-device") =>
    strangers.knock({ door: "sign-in", source: "192.0.2.1", because, detail: {} });
  await knock();
  assert.equal((await entries("sign-in")).length, 1, "at once");
  for (let turn = 0; turn < 10; turn++) await knock(turn % 2 ? "wrong-certificate" : "unknown-device");
  await knock();
  await strangers.sweep();
  assert.equal((await entries("sign-in")).length, 1, "the minute is not over");
  clock.ms = 60_000;
  await strangers.sweep();
  await knock();
  assert.deepEqual((await entries("sign-in")).slice(1), [
    {
      because: "unknown-device",
      count: 11,
      source: "192.0.2.1",
      reasons: { "unknown-device": 6, "wrong-certificate": 5 },
    },
  ]);
  clock.ms = 119_999;
  await strangers.sweep();
  assert.equal((await entries("sign-in")).length, 2, "never two in one minute");
  await strangers.drain();
  assert.equal((await entries("sign-in")).length, 3, "nothing counted is lost at the end");
});

test("a source that was quiet for a minute is new again", async () => {
  const { clock, strangers } = aDoor();
  const knock = () => strangers.knock({ door: "link", source: "192.0.2.2", because: "unknown-device", detail: {} });
  await knock();
  clock.ms = 60_000;
  await strangers.sweep();
  await knock();
  assert.deepEqual(
    (await entries("link")).map(({ count }) => count),
    [1, 1],
  );
  await strangers.drain();
});

test("an address with ever new names, and ever new addresses, fill no record", async () => {
  const { strangers } = aDoor();
  for (let turn = 0; turn < 100; turn++)
    await strangers.knock({ door: "dicom", source: `192.0.2.3 AE${turn}`, because: "unknown-device", detail: {} });
  assert.equal((await entries("dicom")).length, 21);
  await strangers.drain();
  assert.deepEqual((await entries("dicom")).at(-1), {
    because: "unknown-device",
    count: 79,
    source: "192.0.2.3 *",
    reasons: { "unknown-device": 79 },
  });
});

test("a knock that could not be written throws, and the next one is a first one", async () => {
  const broken = { ...world, database: { ...world.database, read: () => Promise.reject(new Error("gone")) } };
  const strangers = new Strangers(broken as never, () => 0);
  const knock = () => strangers.knock({ door: "token", source: "192.0.2.4", because: "unknown-device", detail: {} });
  await assert.rejects(knock(), /gone/);
  await assert.rejects(knock(), /gone/);
  await strangers.drain();
});
