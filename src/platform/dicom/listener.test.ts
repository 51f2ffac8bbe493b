import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import type { AbortRecord } from "#platform/dicom/acceptor.ts";
import { type ListenerOptions, openDicomListener } from "#platform/dicom/listener.ts";
import { type Command, readCommand } from "#standards/dimse/command.ts";
import { commandPdus, dataPdu } from "#standards/dimse/message.ts";
import { REJECTIONS } from "#standards/dimse/negotiate.ts";
import { type Pdu, writePdu } from "#standards/dimse/pdu.ts";
import { CT, ECHO, listenerFor, OFFER, request, Wire } from "../../../test/support/dicom-wire.ts";

const ABORT_BY_US = (reason: number): Pdu => ({ type: "A-ABORT", source: 2, reason });

function storeOf(messageId: number, sopInstance = `1.2.3.${messageId}`, sopClass = CT): Uint8Array {
  return commandPdus(
    3,
    {
      command: "C-STORE-RQ",
      hasDataSet: true,
      messageId,
      affectedSopClassUid: sopClass,
      affectedSopInstanceUid: sopInstance,
    },
    0,
  );
}
const data = (bytes: Uint8Array, last = true): Uint8Array => dataPdu(3, "data-set", bytes, last);

function commandIn(pdu: Pdu | "closed"): Command {
  assert.ok(pdu !== "closed" && pdu.type === "P-DATA-TF", `expected a message, got ${JSON.stringify(pdu)}`);
  return readCommand(Buffer.concat(pdu.values.map(({ bytes }) => bytes)));
}

async function associated(t: TestContext, options: Partial<ListenerOptions<string>> = {}): Promise<Wire> {
  const { port } = await listenerFor(t, options);
  const wire = new Wire(port);
  t.after(() => wire.socket.destroy());
  wire.send(request);
  const answer = await wire.next();
  assert.ok(answer !== "closed" && answer.type === "A-ASSOCIATE-AC", JSON.stringify(answer));
  return wire;
}

test("a plain listener beyond loopback does not open", async () => {
  for (const bind of ["0.0.0.0", "::", "192.0.2.1"]) {
    const opening = openDicomListener({
      bind,
      port: 0,
      offer: OFFER,
      decide: async () => ({ accept: true, context: 1 }),
    });
    await assert.rejects(opening, { code: "config.invalid" });
  }
});

test("a port that is taken is a Fault that names it", async (t) => {
  const { port } = await listenerFor(t);
  const opening = openDicomListener({
    bind: "127.0.0.1",
    port,
    offer: OFFER,
    decide: async () => ({ accept: true, context: 1 }),
  });
  await assert.rejects(opening, { code: "config.invalid", message: new RegExp(String(port)) });
});

test("C-ECHO and release, byte by byte", async (t) => {
  const wire = await associated(t);
  for (const byte of ECHO) {
    wire.send(Uint8Array.of(byte));
    await sleep(0);
  }
  assert.deepEqual(commandIn(await wire.next()), {
    command: "C-ECHO-RSP",
    hasDataSet: false,
    respondsTo: 1,
    status: 0,
    affectedSopClassUid: "1.2.840.10008.1.1",
  });
  wire.send({ type: "A-RELEASE-RQ" });
  assert.deepEqual(await wire.next(), { type: "A-RELEASE-RP" });
});

test("a stored data set arrives as it was sent, with what its command and context say", async (t) => {
  const seen: unknown[] = [];
  const wire = await associated(t, {
    async onStore({ context, messageId, sopClassUid, sopInstanceUid, transferSyntax, peer }, dataSet) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of dataSet) chunks.push(chunk);
      seen.push({
        context,
        messageId,
        sopClassUid,
        sopInstanceUid,
        transferSyntax,
        calledAe: peer.calledAe,
        bytes: Buffer.concat(chunks).toString("hex"),
      });
      return { status: 0 };
    },
  });
  wire.send(storeOf(7), data(Uint8Array.of(1, 2), false), data(Uint8Array.of(3, 4)));
  assert.deepEqual(commandIn(await wire.next()), {
    command: "C-STORE-RSP",
    hasDataSet: false,
    respondsTo: 7,
    status: 0,
    affectedSopClassUid: CT,
    affectedSopInstanceUid: "1.2.3.7",
  });
  assert.deepEqual(seen, [
    {
      context: "WIRE",
      messageId: 7,
      sopClassUid: CT,
      sopInstanceUid: "1.2.3.7",
      transferSyntax: "1.2.840.10008.1.2.1",
      calledAe: "SAFELIGHT",
      bytes: "01020304",
    },
  ]);
});

test("pipelined stores are answered in order, and a failing one leaves the others alone", async (t) => {
  const wire = await associated(t, {
    async onStore({ messageId }, dataSet) {
      if (messageId === 2)
        throw new Fault("dicom.missing", "(0028,0010) Rows is missing", { place: "(0028,0010) Rows" });
      if (messageId === 3) throw new TypeError("a patient's name that must not get out");
      if (messageId === 4) return { status: 0xb007, errorComment: "as a warning" };
      await sleep(20 / messageId);
      for await (const _ of dataSet);
      return { status: 0 };
    },
  });
  const body = new Uint8Array(100_000);
  wire.send(...[1, 2, 3, 4, 5].flatMap((id) => [storeOf(id), data(body, false), data(body)]));
  const answers: Command[] = [];
  for (let index = 0; index < 5; index += 1) answers.push(commandIn(await wire.next()));
  const of = (id: number) => ({
    command: "C-STORE-RSP",
    hasDataSet: false,
    respondsTo: id,
    affectedSopClassUid: CT,
    affectedSopInstanceUid: `1.2.3.${id}`,
  });
  assert.deepEqual(answers, [
    { ...of(1), status: 0 },
    { ...of(2), status: 0xa900, errorComment: "(0028,0010) Rows is missing", offendingElement: [0x00280010] },
    { ...of(3), status: 0x0110, errorComment: "Something went wrong here; it is in the server's log." },
    { ...of(4), status: 0xb007, errorComment: "as a warning" },
    { ...of(5), status: 0 },
  ]);
});

test("a store of another class than its context's, or of what is no UID, is refused without asking", async (t) => {
  let asked = 0;
  const wire = await associated(t, {
    async onStore() {
      asked += 1;
      return { status: 0 };
    },
  });
  wire.send(
    storeOf(1, "1.2", "1.2.840.10008.5.1.4.1.1.4"),
    data(Uint8Array.of(0, 0)),
    storeOf(2, "../../etc"),
    data(Uint8Array.of(0, 0)),
  );
  assert.equal((commandIn(await wire.next()) as { status: number }).status, 0x0122);
  assert.equal((commandIn(await wire.next()) as { status: number }).status, 0x0117);
  assert.equal(asked, 0);
});

test("PS3.7 annex C: a service that is not offered is answered 0211, and its data set is drained", async (t) => {
  const wire = await associated(t);
  wire.send(
    commandPdus(3, { command: "C-FIND-RQ", hasDataSet: true, messageId: 4, affectedSopClassUid: CT }, 0),
    data(new Uint8Array(2_000_000 % 65536), false),
    data(Uint8Array.of(1, 2)),
    ECHO,
  );
  assert.equal((commandIn(await wire.next()) as { status: number }).status, 0x0211);
  assert.equal(commandIn(await wire.next()).command, "C-ECHO-RSP");
});

test("a handler answers with pending responses and data sets, and C-CANCEL reaches it", async (t) => {
  const wire = await associated(t, {
    handlers: {
      async "C-FIND-RQ"({ pending, signal, dataSet, context }) {
        const identifier: Uint8Array[] = [];
        for await (const chunk of dataSet ?? []) identifier.push(chunk);
        await pending({ status: 0xff00, dataSet: Buffer.concat([Buffer.from(context), ...identifier]) });
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return { status: 0xfe00 };
      },
    },
  });
  wire.send(
    commandPdus(3, { command: "C-FIND-RQ", hasDataSet: true, messageId: 4, affectedSopClassUid: CT }, 0),
    data(Uint8Array.of(9, 9)),
  );
  assert.deepEqual(commandIn(await wire.next()), {
    command: "C-FIND-RSP",
    hasDataSet: true,
    respondsTo: 4,
    status: 0xff00,
    affectedSopClassUid: CT,
  });
  const body = await wire.next();
  assert.ok(body !== "closed" && body.type === "P-DATA-TF");
  assert.deepEqual(body.values, [{ context: 3, kind: "data-set", last: true, bytes: Buffer.from("WIRE\x09\x09") }]);
  wire.send(commandPdus(3, { command: "C-CANCEL-RQ", hasDataSet: false, respondsTo: 4 }, 0));
  assert.equal((commandIn(await wire.next()) as { status: number }).status, 0xfe00);
});

for (const [what, rejectionName, options] of [
  ["a stranger", "calling-ae", { decide: async () => ({ reject: REJECTIONS["calling-ae"], because: "unknown" }) }],
  ["another called AE title", "called-ae", { decide: async () => ({ reject: REJECTIONS["called-ae"] }) }],
  ["a decision that fails", "congestion", { decide: () => Promise.reject(new Error("database")) }],
  ["one association more than fit in all", "congestion", { limits: { associations: 0 } }],
  ["one association more than a device may have", "local-limit", { limits: { associationsPerDevice: 0 } }],
] as const) {
  test(`PS3.8 table 9-21: ${what} is rejected as ${rejectionName}, and recorded`, async (t) => {
    const rejected: unknown[] = [];
    const { port } = await listenerFor(t, {
      ...options,
      onRejected: (peer, reason) => rejected.push([peer.callingAe, reason]),
    });
    const wire = new Wire(port);
    wire.send(request);
    assert.deepEqual(await wire.next(), { type: "A-ASSOCIATE-RJ", ...REJECTIONS[rejectionName] });
    assert.deepEqual(rejected, [["WIRE", REJECTIONS[rejectionName]]]);
    wire.socket.destroy();
  });
}

for (const [what, changed, expected] of [
  ["another application context", { applicationContext: "1.2.3" }, REJECTIONS["application-context"]],
  ["another protocol version", { protocolVersion: 2 }, REJECTIONS["protocol-version"]],
  ["no presentation context", { contexts: [] }, REJECTIONS["no-reason"]],
] as const) {
  test(`PS3.8 table 9-21: ${what} is rejected`, async (t) => {
    const { port } = await listenerFor(t);
    const wire = new Wire(port);
    wire.send({ ...request, ...changed });
    assert.deepEqual(await wire.next(), { type: "A-ASSOCIATE-RJ", ...expected });
    wire.socket.destroy();
  });
}

test("the limits count open associations only: when one ends, another fits", async (t) => {
  const { port } = await listenerFor(t, { limits: { associationsPerDevice: 1 } });
  for (let round = 0; round < 3; round += 1) {
    const first = new Wire(port);
    first.send(request);
    const answer = await first.next();
    assert.ok(answer !== "closed" && answer.type === "A-ASSOCIATE-AC");
    const second = new Wire(port);
    second.send(request);
    const refusal = await second.next();
    assert.ok(refusal !== "closed" && refusal.type === "A-ASSOCIATE-RJ");
    for (const wire of [first, second]) wire.socket.destroy();
    await sleep(20);
  }
});

for (const [what, bytes, expected] of [
  ["a P-DATA-TF of 4 GiB", Buffer.from("0400ffffffff", "hex"), ABORT_BY_US(6)],
  ["a P-DATA-TF one byte above 1 MiB", Buffer.from("040000100001", "hex"), ABORT_BY_US(6)],
  ["an unknown PDU type", Buffer.from("470000000010", "hex"), ABORT_BY_US(1)],
  ["a second A-ASSOCIATE-RQ", request, ABORT_BY_US(2)],
  ["a value longer than its PDU", Buffer.from("040000000006000000ff0103", "hex"), ABORT_BY_US(6)],
  [
    "a data set without command",
    dataPdu(3, "data-set", new Uint8Array(2), true),
    { type: "A-ABORT", source: 0, reason: 0 },
  ],
  [
    "a command set that is none",
    dataPdu(1, "command", Buffer.from("00000001ffffffff", "hex"), true),
    { type: "A-ABORT", source: 0, reason: 0 },
  ],
  [
    "a message in a context that was not accepted",
    commandPdus(9, { command: "C-ECHO-RQ", hasDataSet: false, messageId: 1 }, 0),
    { type: "A-ABORT", source: 0, reason: 0 },
  ],
  [
    "a response to nothing",
    commandPdus(1, { command: "C-ECHO-RSP", hasDataSet: false, respondsTo: 1, status: 0 }, 0),
    { type: "A-ABORT", source: 0, reason: 0 },
  ],
] as const) {
  test(`${what} is aborted with source ${expected.type === "A-ABORT" && expected.source}, reason ${expected.type === "A-ABORT" && expected.reason}, and recorded`, async (t) => {
    const records: AbortRecord[] = [];
    const wire = await associated(t, { onAborted: (record) => records.push(record) });
    wire.send(bytes);
    assert.deepEqual(await wire.next(), expected);
    assert.equal(records.length, 1);
    assert.ok(records[0]?.stage === "association" && records[0].by === "us");
  });
}

test("before an association, a PDU that does not belong is aborted by the user (AA-1), and the connection closes", async (t) => {
  const { port } = await listenerFor(t, { limits: { artimMs: 50 } });
  const wire = new Wire(port);
  wire.send({ type: "A-RELEASE-RQ" });
  assert.deepEqual(await wire.next(), { type: "A-ABORT", source: 0, reason: 0 });
  assert.equal(await wire.next(), "closed");
});

test("a peer that says nothing is closed when ARTIM expires, and recorded", async (t) => {
  const recorded = Promise.withResolvers<AbortRecord>();
  const { port } = await listenerFor(t, { limits: { artimMs: 50 }, onAborted: recorded.resolve });
  const wire = new Wire(port);
  assert.equal(await wire.next(), "closed");
  assert.equal((await recorded.promise).stage, "opening");
});

test("a C-STORE cut mid-fragment ends the data set in a fault and is recorded", async (t) => {
  const outcome = Promise.withResolvers<unknown>();
  const records: AbortRecord[] = [];
  const wire = await associated(t, {
    onAborted: (record) => records.push(record),
    async onStore({ signal }, dataSet) {
      try {
        for await (const _ of dataSet);
      } catch (thrown) {
        outcome.resolve([thrown instanceof Fault && thrown.code, signal.aborted]);
      }
      return { status: 0 };
    },
  });
  wire.send(storeOf(1), data(new Uint8Array(300_000), false), data(new Uint8Array(1000), false).subarray(0, 500));
  await sleep(20);
  wire.socket.destroy();
  assert.deepEqual(await outcome.promise, ["request.cancelled", true]);
  assert.ok(records[0]?.stage === "association" && records[0].by === "transport");
});

test("a peer that goes silent in the middle of a message is aborted, one that is being served is not", async (t) => {
  const wire = await associated(t, {
    limits: { stallMs: 60 },
    async onStore({ messageId }, dataSet) {
      for await (const _ of dataSet);
      if (messageId === 1) await sleep(250);
      return { status: 0 };
    },
  });
  wire.send(storeOf(1), data(Uint8Array.of(1, 2)));
  assert.equal((commandIn(await wire.next()) as { status: number }).status, 0);
  wire.send(storeOf(2), data(Uint8Array.of(1, 2), false));
  assert.deepEqual(await wire.next(), { type: "A-ABORT", source: 0, reason: 0 });
});

test("an association without messages is aborted after the idle time", async (t) => {
  const wire = await associated(t, { limits: { stallMs: 30, idleMs: 100 } });
  assert.deepEqual(await wire.next(), { type: "A-ABORT", source: 0, reason: 0 });
});

test("a store that does not read holds the sender back: memory stays bounded", async (t) => {
  const go = Promise.withResolvers<void>();
  let received = 0;
  const wire = await associated(t, {
    async onStore(_, dataSet) {
      await go.promise;
      for await (const chunk of dataSet) received += chunk.length;
      return { status: 0 };
    },
  });
  const before = process.memoryUsage().arrayBuffers;
  const pdu = data(new Uint8Array(100_000), false);
  wire.send(storeOf(1));
  let sent = 0;
  for (let stuck = false; !stuck; sent += 100_000) {
    assert.ok(sent < 64_000_000, "the sender is held back long before");
    if (wire.socket.write(pdu)) continue;
    stuck = await Promise.race([once(wire.socket, "drain").then(() => false), sleep(300).then(() => true)]);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 16_000_000);
  go.resolve();
  wire.send(data(Uint8Array.of(1, 2)));
  assert.equal((commandIn(await wire.next()) as { status: number }).status, 0);
  assert.equal(received, sent + 2);
});

test("closing lets a store that has begun end with its answer, aborts idle associations, and takes no more", async (t) => {
  const begun = Promise.withResolvers<void>();
  const listener = await listenerFor(t, {
    async onStore(_, dataSet) {
      begun.resolve();
      for await (const _chunk of dataSet);
      await sleep(50);
      return { status: 0 };
    },
  });
  const [busy, idle] = [new Wire(listener.port), new Wire(listener.port)];
  for (const wire of [busy, idle]) {
    wire.send(request);
    assert.notEqual(await wire.next(), "closed");
  }
  busy.send(storeOf(1), data(new Uint8Array(1000), false));
  await begun.promise;
  const closing = listener.close();
  assert.deepEqual(await idle.next(), { type: "A-ABORT", source: 0, reason: 0 });
  busy.send(data(new Uint8Array(1000)));
  assert.equal((commandIn(await busy.next()) as { status: number }).status, 0);
  assert.deepEqual(await busy.next(), { type: "A-ABORT", source: 0, reason: 0 });
  await closing;
  const late = new Wire(listener.port);
  assert.equal(await late.next(), "closed");
});

test("a release that comes while a store is being served is answered after the store", async (t) => {
  const wire = await associated(t, {
    async onStore(_, dataSet) {
      for await (const _chunk of dataSet);
      await sleep(20);
      return { status: 0 };
    },
  });
  wire.send(storeOf(1), data(Uint8Array.of(1, 2)), { type: "A-RELEASE-RQ" });
  assert.equal(commandIn(await wire.next()).command, "C-STORE-RSP");
  assert.deepEqual(await wire.next(), { type: "A-RELEASE-RP" });
});

test("law: spoiled conversations end in an answer or an abort, and the listener goes on answering", async (t) => {
  const { port } = await listenerFor(t, {
    async onStore(_, dataSet) {
      for await (const _chunk of dataSet);
      return { status: 0 };
    },
  });
  const good = Buffer.concat([
    writePdu(request),
    ECHO,
    storeOf(2),
    data(new Uint8Array(500), false),
    data(new Uint8Array(9)),
    ECHO,
  ]);
  const spoil = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(spoil, fc.nat(good.length), async (changes, cut) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      const wire = new Wire(port);
      wire.send(bytes.subarray(0, cut));
      await sleep(2);
      wire.send(bytes.subarray(cut));
      wire.socket.end();
      for (let count = 0; (await wire.next()) !== "closed"; count += 1) assert.ok(count < 10);
    }),
    { numRuns: 200 },
  );
  const wire = new Wire(port);
  wire.send(request);
  assert.notEqual(await wire.next(), "closed");
  wire.send(ECHO);
  assert.equal(commandIn(await wire.next()).command, "C-ECHO-RSP");
  wire.socket.destroy();
});
