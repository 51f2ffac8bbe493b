import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AssociationRejected, type OpenAssociation } from "#platform/dicom/client.ts";
import { holdsWhatItSaid } from "../support/loss/archive.ts";
import { type Clinic, get, openClinic, stow } from "../support/loss/clinic.ts";
import { fileOf, type Slice } from "../support/loss/instances.ts";
import { clusterOf, clusterProcesses, killAll, postmasterOf } from "../support/loss/postmaster.ts";
import { associate, type Sender, storeOn } from "../support/loss/senders.ts";

/** Database gone while the server lives: 503 and 0xA700, not ready but alive, then recovery by itself. */
const OUT_OF_RESOURCES = 0xa700;

let clinic: Clinic;
let association: OpenAssociation;
const sender: Sender = { study: 1, told: [] };

before(async () => {
  clinic = await openClinic();
  association = await associate(clinic.server, clinic.tls);
});

after(async () => {
  await association.release();
  await clinic.server.remove();
});

const slice = (number: number): Slice => ({ study: sender.study, number });
const keep = (number: number): void => void sender.told.push({ slice: slice(number), said: "stored" });

async function readyIs(status: 200 | 503): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await get(clinic, "/readyz")).status === status) return;
    await sleep(50);
  }
  assert.fail(`/readyz never answered ${status}`);
}

/** Everything that asks the database is refused for now, in each wire's words; what does not ask it answers. */
async function refusedForNow(number: number): Promise<void> {
  assert.equal((await get(clinic, "/healthz")).status, 200);
  assert.equal(await storeOn(association, slice(number)), OUT_OF_RESOURCES);
  for (const answer of [await get(clinic, "/dicomweb/studies"), await stow(clinic, fileOf(slice(number)))]) {
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers.get("retry-after")) > 0, "Retry-After");
    assert.equal(((await answer.json()) as { code: string }).code, "database.unavailable");
  }
  await assert.rejects(associate(clinic.server, clinic.tls), (thrown) => {
    assert.ok(thrown instanceof AssociationRejected);
    const { result, source, reason } = thrown.rejection;
    assert.deepEqual([result, source, reason], [2, 3, 1], "rejected transient, provider (presentation), congestion");
    return true;
  });
  assert.equal((await get(clinic, "/readyz")).status, 503);
}

/** The association that was open all the time, a new one, and STOW: all are served again, and nothing is half there. */
async function servedAgain(from: number): Promise<void> {
  await readyIs(200);
  assert.equal(await storeOn(association, slice(from)), 0);
  keep(from);
  const fresh = await associate(clinic.server, clinic.tls);
  assert.equal(await storeOn(fresh, slice(from + 1)), 0);
  keep(from + 1);
  await fresh.release();
  assert.equal((await stow(clinic, fileOf(slice(from + 2)))).status, 200);
  keep(from + 2);
  assert.equal((await holdsWhatItSaid(clinic.server, clinic.token, sender)).acknowledged, sender.told.length);
  assert.equal((await clinic.server.command("ledger", "verify"))["verified"], true);
}

/** The database dies and cannot be started, as with a disk that is gone, until it can. */
async function gone(signal: NodeJS.Signals, work: () => Promise<void>): Promise<void> {
  const control = join(clusterOf(clinic.server.dataDir), "global", "pg_control");
  await rename(control, `${control}.away`);
  killAll([postmasterOf(clinic.server.dataDir) ?? 0], signal);
  await readyIs(503);
  await work();
  await rename(`${control}.away`, control);
}

for (const [name, signal, number] of [
  ["killed", "SIGKILL", 10],
  ["stopped at once", "SIGQUIT", 20],
] as const) {
  test(`the database is ${name} and stays away: 503 and A700, alive but not ready, then recovery by itself`, async () => {
    assert.equal(await storeOn(association, slice(number)), 0);
    keep(number);
    await gone(signal, () => refusedForNow(number + 1));
    await servedAgain(number + 1);
  });
}

test("a database that does not answer at all makes the server not ready, and it is ready when it answers again", async () => {
  const frozen = clusterProcesses(clinic.server.dataDir);
  killAll(frozen, "SIGSTOP");
  try {
    assert.equal((await get(clinic, "/healthz")).status, 200);
    assert.equal((await get(clinic, "/readyz")).status, 503);
  } finally {
    killAll(frozen, "SIGCONT");
  }
  await servedAgain(30);
});
