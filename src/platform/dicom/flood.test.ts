import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { openAssociation } from "#platform/dicom/client.ts";
import type { ListenerOptions } from "#platform/dicom/listener.ts";
import { fingerprintOf } from "#platform/dicom/tls.ts";
import { EXPLICIT_LITTLE_ENDIAN, REJECTIONS } from "#standards/dimse/negotiate.ts";
import { CT, listenerFor, request, Wire } from "../../../test/support/dicom-wire.ts";

/** A port that strangers hold open, at small limits. The device shows a certificate; they show nothing. */
const now = new Date();
const authority = await createAuthority({ name: "Flood authority", now });
const issue = (commonName: string) =>
  issueCertificate({ authority, commonName, usage: "both", dnsNames: ["localhost"], days: 2, now });
const server = await issue("server");
const device = await issue("CT1");
const LIMITS = { waiting: 12, waitingPerSource: 4, associations: 2 };

async function port(t: TestContext, options: Partial<ListenerOptions<string>> = {}): Promise<number> {
  const listener = await listenerFor(t, {
    tls: server,
    limits: LIMITS,
    decide: async ({ certificate }) =>
      certificate?.fingerprint === fingerprintOf(device.cert)
        ? { accept: true, context: "CT1" }
        : { reject: REJECTIONS["calling-ae"] },
    onStore: async (_, dataSet) => {
      for await (const _chunk of dataSet);
      return { status: 0 };
    },
    ...options,
  });
  return listener.port;
}

/** Connections that say nothing, from an address of this machine. */
async function flood(t: TestContext, to: number, count: number, from = "127.0.0.1"): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at += 1) {
    const socket = connect({ host: "127.0.0.1", port: to, localAddress: from });
    t.after(() => socket.destroy());
    socket.on("error", () => undefined).resume();
    sockets.push(socket);
    await once(socket, "connect");
  }
  return sockets;
}

const open = (to: number) =>
  openAssociation({
    ...{ host: "localhost", port: to, callingAe: "CT1", calledAe: "SAFELIGHT" },
    contexts: [{ abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] }],
    tls: { ...device, ca: authority.cert },
  });
const slice = (sopInstance: string) => ({
  ...{ sopClass: CT, sopInstance, transferSyntax: EXPLICIT_LITTLE_ENDIAN, dataSet: new Uint8Array(8) },
});

test("idle connections from the device's own address do not keep it out, and cost it nothing it has open", async (t) => {
  const to = await port(t);
  const before = await open(to);
  await flood(t, to, 40);
  const association = await open(to);
  for (const one of [association, before]) {
    assert.equal((await one.store(slice("1.2.3"))).status, 0);
    await one.release();
  }
});

test("of one address no more wait than the limit says, the oldest are closed; other addresses keep their places", async (t) => {
  const to = await port(t);
  const others = await flood(t, to, 3, "127.0.0.2");
  const idle = await flood(t, to, 10);
  for (const socket of idle.slice(0, 6)) if (!socket.closed) await once(socket, "close");
  for (const socket of [...idle.slice(6), ...others]) assert.equal(socket.closed, false);
});

test("idle connections from many addresses do not keep a device out", async (t) => {
  const to = await port(t);
  for (let last = 2; last < 12; last += 1) await flood(t, to, 4, `127.0.0.${last}`);
  const association = await open(to);
  assert.equal((await association.store(slice("1.2.3"))).status, 0);
  await association.release();
});

test("strangers who are rejected and stay take no association's place", async (t) => {
  const { port: to } = await listenerFor(t, {
    limits: LIMITS,
    decide: async ({ callingAe }) =>
      callingAe === "CT1" ? { accept: true, context: "CT1" } : { reject: REJECTIONS["calling-ae"] },
  });
  for (let at = 0; at < 3; at += 1) {
    const stranger = new Wire(to);
    t.after(() => stranger.socket.destroy());
    stranger.send(request);
    assert.deepEqual(await stranger.next(), { type: "A-ASSOCIATE-RJ", ...REJECTIONS["calling-ae"] });
  }
  const known = new Wire(to);
  t.after(() => known.socket.destroy());
  known.send({ ...request, callingAe: "CT1" });
  const answer = await known.next();
  assert.ok(answer !== "closed" && answer.type === "A-ASSOCIATE-AC");
});

test("a connection that does not begin its handshake is closed after the time for it, and recorded", async (t) => {
  const recorded = Promise.withResolvers<string>();
  const to = await port(t, {
    limits: { ...LIMITS, handshakeMs: 50 },
    onAborted: ({ stage }) => recorded.resolve(stage),
  });
  const [socket] = await flood(t, to, 1);
  if (socket?.closed === false) await once(socket, "close");
  assert.equal(await recorded.promise, "tls");
});
