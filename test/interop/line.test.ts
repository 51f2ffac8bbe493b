import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDirectory } from "#platform/blobs/directory.ts";
import { openDatabase } from "#platform/postgres/db.ts";
import { EXPLICIT_LITTLE_ENDIAN } from "#standards/dimse/negotiate.ts";
import { writePdu } from "#standards/dimse/pdu.ts";
import { CT, request } from "../support/dicom-wire.ts";
import { holdsWhatItSaid } from "../support/loss/archive.ts";
import { type Clinic, get, openClinic, stow } from "../support/loss/clinic.ts";
import { fileOf, partsOf, type Slice } from "../support/loss/instances.ts";
import { associate, type Sender, storeOn } from "../support/loss/senders.ts";

/** Lines that break and peers that dawdle: nothing half is ever seen, nobody else waits; the same again is welcome, another is not. */
let clinic: Clinic;
const sender: Sender = { study: 8, told: [] };
/** 8 MB: enough to be cut in the middle of. */
const LARGE: Slice = { study: 8, number: 2 };

before(async () => {
  clinic = await openClinic();
});

after(() => clinic.server.remove());

async function objects(): Promise<number> {
  const blobs = await openDirectory({ root: join(clinic.server.dataDir, "objects") });
  const found = (await Array.fromAsync(blobs.list())).length;
  await blobs.close();
  return found;
}

/** What the server does after a line broke takes a moment. */
async function objectsBecome(wanted: number): Promise<void> {
  for (let tries = 0; tries < 200 && (await objects()) !== wanted; tries += 1) await sleep(25);
  assert.equal(await objects(), wanted);
}

async function seenNowhere(slice: Slice): Promise<void> {
  const found = await get(clinic, `/dicomweb/instances?SOPInstanceUID=${partsOf(slice).sopInstance}`);
  assert.deepEqual(found.status === 204 ? [] : await found.json(), []);
}

async function takenNow(slice: Slice): Promise<void> {
  const association = await associate(clinic.server, clinic.tls);
  assert.equal(await storeOn(association, slice), 0);
  await association.release();
  sender.told.push({ slice, said: "stored" });
  await holdsWhatItSaid(clinic.server, clinic.token, sender);
}

test("a line that is cut in the middle of a C-STORE leaves nothing, and the same instance is taken afterwards", async () => {
  const before = await objects();
  const { sopClass, sopInstance, transferSyntax, dataSet } = partsOf(LARGE);
  const association = await associate(clinic.server, clinic.tls);
  async function* half(): AsyncGenerator<Uint8Array> {
    yield dataSet.subarray(0, dataSet.length >> 1);
    await sleep(200); // what was sent should be under way to the disk
    association.conversation.destroy();
    yield dataSet.subarray(dataSet.length >> 1);
  }
  await assert.rejects(association.store({ sopClass, sopInstance, transferSyntax, dataSet: half() }));
  await objectsBecome(before);
  await seenNowhere(LARGE);
  await takenNow(LARGE);
});

/** A STOW-RS request as its bytes; the socket is the caller's. */
async function begun(length: number, first: Uint8Array): Promise<Socket> {
  const socket = connect(clinic.server.ports.http, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const head = [
    "POST /dicomweb/studies HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${clinic.token}`,
    "Content-Type: application/dicom",
    `Content-Length: ${length}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  socket.write(first);
  return socket;
}

test("a line that is cut in the middle of a STOW-RS request leaves nothing, and the same instance is taken afterwards", async () => {
  const before = await objects();
  const slice = { study: 8, number: 7 };
  const file = fileOf(slice);
  const socket = await begun(file.length, file.subarray(0, file.length >> 1));
  await sleep(200);
  socket.destroy();
  await objectsBecome(before);
  await seenNowhere(slice);
  await takenNow(slice);
});

test("half a file that comes as if it were whole is refused by both wires with the element it ends in", async () => {
  const before = await objects();
  const slice = { study: 8, number: 4 };
  const { sopClass, sopInstance, transferSyntax, dataSet } = partsOf(slice);
  const association = await associate(clinic.server, clinic.tls);
  const cut = dataSet.subarray(0, dataSet.length >> 1);
  const { status, errorComment } = await association.store({ sopClass, sopInstance, transferSyntax, dataSet: cut });
  assert.equal(status, 0xc000);
  assert.match(errorComment ?? "", /^\(7FE0,0010\) Pixel Data at offset \d+ is cut off/);
  const file = fileOf(slice);
  const answer = await stow(clinic, file.subarray(0, file.length >> 1));
  assert.equal(answer.status, 409);
  assert.match(await answer.text(), /\(7FE0,0010\) Pixel Data at offset \d+ is cut off/);
  assert.equal(await objects(), before);
  await seenNowhere(slice);
  assert.equal(await storeOn(association, slice), 0, "the association goes on");
  sender.told.push({ slice, said: "stored" });
  await association.release();
});

test("the same content again is a success on both wires; other content under its UID is refused, quarantined, and the first untouched", async () => {
  const slice = { study: 8, number: 1 };
  await takenNow(slice);
  const before = await objects();
  const association = await associate(clinic.server, clinic.tls);
  assert.equal(await storeOn(association, slice), 0);
  assert.equal((await stow(clinic, fileOf(slice))).status, 200);
  assert.equal(await objects(), before);
  const other = Buffer.from(fileOf(slice));
  const last = other.length - 1;
  other[last] = (other[last] ?? 0) ^ 1;
  const { dataSet, ...named } = partsOf(slice);
  const result = await association.store({ ...named, dataSet: other.subarray(other.length - dataSet.length) });
  assert.equal(result.status, 0x0111);
  assert.match(result.errorComment ?? "", /^\(0008,0018\)/);
  const answer = await stow(clinic, other);
  assert.equal(answer.status, 409);
  assert.match(await answer.text(), /"00081197":\{"vr":"US","Value":\[273\]\}/);
  await association.release();
  assert.equal(await objects(), before + 2, "both of them are kept apart");
  await holdsWhatItSaid(clinic.server, clinic.token, sender);
  const database = await openDatabase({ dataDir: clinic.server.dataDir, databaseUrl: undefined, databasePool: 1 });
  const { rows } = await database.owner.query(
    "select action, outcome, because from ledger_entry where outcome = 'refused'",
  );
  const { rows: apart } = await database.owner.query("select reason from quarantine");
  await database.close();
  const refused = { action: "instance.receive", outcome: "refused", because: "other-content" };
  assert.deepEqual(
    [rows, apart],
    [
      [refused, refused],
      [{ reason: "other-content" }, { reason: "other-content" }],
    ],
  );
});

test("peers that send a byte now and then, on every port, keep nobody waiting", async () => {
  const asked = writePdu({ ...request, callingAe: clinic.plain.ae });
  const { dicom, dicomTls } = clinic.server.ports;
  const dawdlers: Socket[] = [];
  for (let at = 0; at < 20; at += 1) {
    const socket = connect(at % 2 === 0 ? (dicom ?? 0) : dicomTls, "127.0.0.1");
    socket.on("error", () => undefined);
    dawdlers.push(socket, await begun(1_000_000, Uint8Array.of(0)));
  }
  const trickle = setInterval(() => {
    for (const [at, socket] of dawdlers.entries())
      if (socket.writable) socket.write(asked.subarray(at % 8, (at % 8) + 1));
  }, 50);
  try {
    for (let number = 100; number < 110; number += 1) await takenNow({ study: 8, number: number * 5 });
  } finally {
    clearInterval(trickle);
    for (const socket of dawdlers) socket.destroy();
  }
  const association = await associate(clinic.server, clinic.plain);
  assert.ok(
    [...association.accepted.values()].some(
      (one) => one.abstractSyntax === CT && one.transferSyntax === EXPLICIT_LITTLE_ENDIAN,
    ),
  );
  await association.release();
});
