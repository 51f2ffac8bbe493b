import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "#platform/postgres/db.ts";
import type { AssociateRq, Pdu } from "#standards/dimse/pdu.ts";
import { run } from "../support/dcmtk.ts";
import { request, Wire } from "../support/dicom-wire.ts";
import { TestServer } from "../support/server.ts";

/** Who may not associate hears it by A-ASSOCIATE-RJ with source and reason (PS3.8 table 9-21), and it is on the record. */
let server: TestServer;

before(async () => {
  server = await TestServer.start({ SAFELIGHT_DICOM_PORT: "0" });
  await server.organisation("Clinic With Doors");
});

after(() => server.remove());

async function answerTo(asked: AssociateRq): Promise<Pdu | "closed"> {
  const wire = new Wire(server.ports.dicom ?? 0);
  wire.send(asked);
  const answer = await wire.next();
  wire.socket.destroy();
  return answer;
}

type Entry = { action: string; because: string };

/** The record of strangers, once it has what is waited for. */
async function entriesUntil(wanted: number): Promise<Entry[]> {
  const database = await openDatabase({ dataDir: server.dataDir, databaseUrl: undefined, databasePool: 1 });
  try {
    for (let tries = 0; ; tries += 1) {
      const { rows } = await database.owner.query<Entry>(
        "select action, because from ledger_entry where action like '%.stranger' order by action, because",
      );
      if (rows.length >= wanted || tries > 200) return rows;
      await sleep(25);
    }
  } finally {
    await database.close();
  }
}

test("strangers are rejected with source and reason, and each way of being one is on the record once", async () => {
  const rejected = (reason: number) => ({ type: "A-ASSOCIATE-RJ", result: 1, source: 1, reason });
  const calling = (callingAe: string, more: Partial<AssociateRq> = {}): AssociateRq => ({
    ...request,
    callingAe,
    ...more,
  });
  assert.deepEqual(await answerTo(calling("NOBODY")), rejected(3));
  assert.deepEqual(await answerTo(calling("NOBODY")), rejected(3));
  assert.deepEqual(await answerTo(calling("OTHERCTX", { applicationContext: "1.2.3" })), rejected(2));
  assert.deepEqual(await answerTo(calling("NOCTX", { contexts: [] })), rejected(1));
  const plainOnTls = await run("echoscu", ["-to", "5", "127.0.0.1", String(server.ports.dicomTls)]);
  assert.notEqual(plainOnTls.code, 0);
  assert.deepEqual(await entriesUntil(4), [
    { action: "dicom-tls.stranger", because: "tls-handshake" },
    { action: "dicom.stranger", because: "another-application-context" },
    { action: "dicom.stranger", because: "no-presentation-context" },
    { action: "dicom.stranger", because: "unknown-device" },
  ]);
  assert.equal((await server.command("ledger", "verify"))["verified"], true);
});
