import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { z } from "zod";
import type { CreatedDevice } from "#contract/people.ts";
import { systemActor } from "#features/audit/actor.ts";
import { endDevice, registerDevice } from "#features/people/devices/actions.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { AssociationRejected, type OpenAssociation, openAssociation } from "#platform/dicom/client.ts";
import { fingerprintOf } from "#platform/dicom/tls.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { EXPLICIT_LITTLE_ENDIAN } from "#standards/dimse/negotiate.ts";
import { AccessHouse } from "../support/access-house.ts";
import { ask } from "./ask.ts";

/** Acceptance 5 on the wire of modalities: who may store, for whom, and nothing but storing. */
const CT = "1.2.840.10008.5.1.4.1.1.2";
const CLASSES = {
  find: "1.2.840.10008.5.1.4.1.2.2.1",
  move: "1.2.840.10008.5.1.4.1.2.2.2",
  get: "1.2.840.10008.5.1.4.1.2.2.3",
};

let house: AccessHouse;
let organisations: { owner: string; other: string };
type Device = { id: string; ae: string; key: string; cert: string };
const devices: Partial<Record<"own" | "other" | "ending", Device>> = {};

async function device(organisation: string, ae: string): Promise<Device> {
  const { key, cert } = await house.server.serving.certificates.issueForDevice({ aeTitle: ae, organisation: "O" });
  const { id } = await registerDevice(house.node, systemActor(organisation, uuidv7()), {
    aeTitle: ae,
    certificate: cert,
    query: true,
  });
  return { id, ae, key, cert };
}

before(async () => {
  house = await AccessHouse.open();
  organisations = { owner: await house.organisation("Owner"), other: await house.organisation("Other") };
  devices.own = await device(organisations.owner, "CT_OWN");
  devices.other = await device(organisations.other, "CT_OTHER");
  devices.ending = await device(organisations.owner, "CT_ENDING");
});
after(() => house.close());

function of(name: keyof typeof devices): Device {
  const found = devices[name];
  if (found === undefined) throw new Error("the house is not ready");
  return found;
}

type Shown = { ae?: string; key?: string; cert?: string };

const open = ({ ae = "CT_OWN", key, cert }: Shown, called = "SAFELIGHT"): Promise<OpenAssociation> =>
  openAssociation({
    ...{ host: "localhost", port: house.server.ports.dicomTls, calledAe: called, callingAe: ae },
    contexts: [CT, ...Object.values(CLASSES)].map((abstractSyntax) => ({
      abstractSyntax,
      transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN],
    })),
    tls: { ca: house.server.serving.certificates.authority, ...(key && cert ? { key, cert } : {}) },
  });

let made = 0;
/** A slice of a study, which names whatever study the sender likes. */
function slice(studyUid = `2.25.${process.pid}${Date.now()}${++made}`) {
  const uid = `2.25.9${process.pid}${Date.now()}${++made}`;
  const { part10 } = instanceOf(CT, uid, {
    ...{
      PatientName: "Sent^Slice",
      PatientID: `S${made}`,
      StudyInstanceUID: studyUid,
      SeriesInstanceUID: `${uid}.1`,
      Modality: "CT",
    },
  });
  const dataSet = part10.subarray(readPart10(part10).dataSetOffset);
  return { uid, studyUid, item: { sopClass: CT, sopInstance: uid, transferSyntax: EXPLICIT_LITTLE_ENDIAN, dataSet } };
}

const whose = async (studyUid: string): Promise<string[]> =>
  (
    await house.sql<{ organisation: string }>("select organisation from study where study_uid = $1 order by 1", [
      studyUid,
    ])
  ).map(({ organisation }) => organisation);

test("a device stores into its own organisation, whichever study it names and whomever it calls", async () => {
  const first = slice();
  const own = await open(of("own"));
  assert.equal((await own.store(first.item)).status, 0);
  await own.release();
  const foreign = slice(first.studyUid);
  const other = await open(of("other"), "CT_OWN");
  assert.equal((await other.store(foreign.item)).status, 0);
  await other.release();
  assert.deepEqual(await whose(first.studyUid), [organisations.owner, organisations.other].sort());
  const [row] = await house.sql<{ count: number }>(
    "select instance_count as count from study where organisation = $1 and study_uid = $2",
    [organisations.owner, first.studyUid],
  );
  assert.equal(row?.count, 1, "the owner's study is as it was");
});

test("no certificate, another's, or another's AE title: one rejection for all of them", async () => {
  const stranger = await house.server.serving.certificates.issueForDevice({ aeTitle: "CT_OWN", organisation: "O" });
  const shown: Shown[] = [
    {},
    stranger,
    { ...of("other"), ae: "CT_OWN" },
    { ...of("own"), ae: "CT_OTHER" },
    { ...of("own"), ae: "NOBODY" },
  ];
  for (const one of shown) {
    await assert.rejects(open({ ae: "CT_OWN", ...one }), (thrown: unknown) => {
      assert.ok(thrown instanceof AssociationRejected);
      const { result, source, reason } = thrown.rejection;
      assert.deepEqual([result, source, reason], [1, 1, 3]);
      return true;
    });
  }
});

test("queries and retrieval are not offered, whatever services the device was given", async () => {
  const association = await open(of("own"));
  const classes = [...association.accepted.values()].map(({ abstractSyntax }) => abstractSyntax);
  assert.deepEqual(classes, [CT]);
  const [contextId = 1] = [...association.accepted.keys()];
  const { response } = await association.conversation.ask(
    contextId,
    (messageId) => ({
      command: "C-FIND-RQ",
      messageId,
      affectedSopClassUid: CLASSES.find,
      priority: 0,
      hasDataSet: true,
    }),
    { responseMs: 60_000, dataSet: [slice().item.dataSet] },
  );
  assert.equal(response.status, 0x0211);
  await association.release();
});

test("a device that is revoked stores nothing more on the association it has open", async () => {
  const { id, ...shown } = of("ending");
  const association = await open(shown);
  assert.equal((await association.store(slice().item)).status, 0);
  await endDevice(house.node, systemActor(organisations.owner, uuidv7()), { id });
  const late = slice();
  const refused = await association.store(late.item);
  assert.equal(refused.status, 0x0124);
  assert.match(refused.errorComment ?? "", /may not store/);
  await association.release();
  assert.deepEqual(await whose(late.studyUid), []);
  await assert.rejects(open(shown), AssociationRejected);
});

test("a change of somebody else's device leaves the association as it is", async () => {
  const association = await open(of("own"));
  const bystander = await device(organisations.owner, "CT_BYSTANDER");
  await endDevice(house.node, systemActor(organisations.owner, uuidv7()), { id: bystander.id });
  assert.equal((await association.store(slice().item)).status, 0);
  await association.release();
});

/** As an administrator's page registers a device that brings its certificate. */
async function register(organisation: string, aeTitle: string, certificate: string) {
  const cookie = await house.signedIn(await house.person(organisation, ["administrator"]));
  const body = JSON.stringify({ aeTitle, certificate });
  const wanted = { method: "POST", path: "/api/devices", body, headers: { origin: house.url } };
  const answer = await ask(house.url, { cookie }, wanted);
  const json = JSON.parse(answer.body.toString("utf8")) as unknown;
  return { status: answer.status, json, pairing: (json as Partial<z.infer<typeof CreatedDevice>>).device?.pairing };
}

/** A certificate that no authority of ours has issued, for an AE title. */
async function brought(ae: string): Promise<Device> {
  const authority = await createAuthority({ name: "A vendor", now: new Date() });
  const issue = { authority, commonName: ae, usage: "client" as const, days: 30, now: new Date() };
  return { id: "", ae, ...(await issueCertificate(issue)) };
}

async function storesTo(shown: Shown, called?: string): Promise<string[]> {
  const { studyUid, item } = slice();
  const association = await open(shown, called);
  assert.equal((await association.store(item)).status, 0);
  await association.release();
  return whose(studyUid);
}

test("a certificate is public: who registers another organisation's is refused, and its device stores where it stored", async () => {
  const scanner = await device(organisations.owner, "CT_TAKEN");
  const grab = (aeTitle: string) => register(organisations.other, aeTitle, scanner.cert);
  for (const aeTitle of ["CT_TAKEN", "CT_TAKEN2"]) {
    const { status, json } = await grab(aeTitle);
    assert.equal(status, 409);
    const { request: _, ...told } = json as Record<string, unknown>;
    assert.deepEqual(told, {
      code: "state.conflict",
      message: "This certificate cannot be used here; give the device a new one.",
      place: "certificate-taken",
    });
  }
  assert.deepEqual(await storesTo(scanner), [organisations.owner]);
  await endDevice(house.node, systemActor(organisations.owner, uuidv7()), { id: scanner.id });
  assert.equal((await grab("CT_TAKEN")).status, 409, "revoked, it is still the owner's");
  await assert.rejects(open(scanner), AssociationRejected);
  const again = await register(organisations.owner, "CT_TAKEN", scanner.cert);
  assert.equal(again.pairing, null, "who has it already need not show it again");
  assert.deepEqual(await storesTo(scanner), [organisations.owner]);
});

test("one certificate may stand behind several AE titles of its organisation", async () => {
  const { key, cert } = await device(organisations.owner, "ROUTER1");
  assert.equal((await register(organisations.owner, "ROUTER2", cert)).pairing, null);
  for (const ae of ["ROUTER1", "ROUTER2"]) assert.deepEqual(await storesTo({ ae, key, cert }), [organisations.owner]);
});

test("a certificate brought along opens nothing until its device calls the one-time title of who registered it", async () => {
  const scanner = await brought("MR_OWN");
  const thief = await register(organisations.other, "MR_OWN", scanner.cert); // hears of it first, and has no device
  const owner = await register(organisations.owner, "MR_OWN", scanner.cert);
  assert.ok(thief.pairing && owner.pairing);
  const second = await register(organisations.other, "MR_TOO", scanner.cert);
  assert.equal(second.status, 409, "one waits in an organisation, or its device would be looked for in thousands");
  const { key, cert } = of("other");
  await assert.rejects(open(scanner), AssociationRejected);
  await assert.rejects(open({ ...scanner, ae: "CT_OWN" }, owner.pairing), AssociationRejected);
  await assert.rejects(open({ ae: "MR_OWN", key, cert }, thief.pairing), AssociationRejected);
  assert.deepEqual(await storesTo(scanner, owner.pairing), [organisations.owner]);
  assert.deepEqual(await storesTo(scanner), [organisations.owner]);
  await assert.rejects(open(scanner, thief.pairing), AssociationRejected, "it belongs to somebody now");
  const paired = await house.sql<{ organisation: string; outcome: string }>(
    "select organisation, outcome from ledger_entry where action = 'device.pair' order by id",
  );
  assert.deepEqual(paired, [
    { organisation: organisations.owner, outcome: "done" },
    { organisation: organisations.other, outcome: "refused" },
  ]);
});

test("where two pair one certificate at the same moment, it is one's", async () => {
  const scanner = await brought("XA_OWN");
  const titles: string[] = [];
  for (const organisation of [organisations.owner, organisations.other])
    titles.push((await register(organisation, "XA_OWN", scanner.cert)).pairing ?? "");
  const tries = await Promise.allSettled(titles.map((title) => open(scanner, title)));
  assert.deepEqual(tries.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  for (const one of tries) if (one.status === "fulfilled") await one.value.release();
  const holders = await house.sql("select from certificate_holder where certificate_sha256 = $1", [
    Buffer.from(fingerprintOf(scanner.cert), "hex"),
  ]);
  assert.equal(holders.length, 1);
});
