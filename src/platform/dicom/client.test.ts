import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type AssociationOptions, AssociationRejected, openAssociation } from "#platform/dicom/client.ts";
import type { ListenerOptions } from "#platform/dicom/listener.ts";
import { commandPdus, dataPdu } from "#standards/dimse/message.ts";
import {
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  negotiate,
  REJECTIONS,
  VERIFICATION,
} from "#standards/dimse/negotiate.ts";
import { type Pdu, readPdu, writePdu } from "#standards/dimse/pdu.ts";
import { CT, listenerFor, OFFER } from "../../../test/support/dicom-wire.ts";

const CONTEXTS = [
  { abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_LITTLE_ENDIAN] },
  { abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] },
];
const options = (port: number, others: Partial<AssociationOptions> = {}): AssociationOptions => ({
  host: "127.0.0.1",
  port,
  callingAe: "CLIENT",
  calledAe: "SERVER",
  contexts: CONTEXTS,
  ...others,
});
const ct = (dataSet: Uint8Array | AsyncIterable<Uint8Array>) => ({
  sopClass: CT,
  sopInstance: "1.2.3",
  transferSyntax: EXPLICIT_LITTLE_ENDIAN,
  dataSet,
});

async function pair(
  t: TestContext,
  listener: Partial<ListenerOptions<string>> = {},
  client: Partial<AssociationOptions> = {},
) {
  const { port } = await listenerFor(t, listener);
  const association = await openAssociation(options(port, client));
  t.after(() => association.abort());
  return association;
}

/** A peer that answers the association request by `reply` and then does as told. */
async function peer(t: TestContext, reply: (socket: Socket, request: Pdu) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    t.after(() => socket.destroy());
    socket.once("data", (bytes: Buffer) => reply(socket, readPdu(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
function accept(socket: Socket, request: Pdu): void {
  assert.ok(request.type === "A-ASSOCIATE-RQ");
  socket.write(writePdu(negotiate(request, { offer: OFFER, maxPduLength: 4096 }).reply));
}

test("echo, stores of many sizes and a release, against PDUs as small as they get", async (t) => {
  for (const maxPduLength of [64, 4096, 131072]) {
    const got: number[] = [];
    const association = await pair(t, {
      limits: { maxPduLength },
      async onStore(_, dataSet) {
        let sum = 0;
        for await (const chunk of dataSet) for (const byte of chunk) sum = (sum * 31 + byte) % 1_000_003;
        got.push(sum);
        return { status: 0 };
      },
    });
    assert.deepEqual(await association.echo(), { status: 0 });
    const sent: number[] = [];
    for (const length of [0, 1, 57, 58, 59, 5000, 300_001]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
      sent.push(bytes.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 0));
      assert.deepEqual(await association.store(ct(bytes)), { status: 0 });
    }
    assert.deepEqual(got, sent);
    await association.release();
    assert.ok(association.conversation.signal.aborted);
  }
});

test("several operations asked for at once are all answered", async (t) => {
  const association = await pair(t, {
    async onStore({ messageId }, dataSet) {
      for await (const _ of dataSet);
      await sleep(messageId % 3);
      return { status: 0 };
    },
  });
  const bytes = new Uint8Array(200_000);
  const results = await Promise.all([
    ...Array.from({ length: 20 }, () => association.store(ct(bytes))),
    association.echo(),
  ]);
  assert.ok(results.every(({ status }) => status === 0));
});

test("a refusal of the peer's is a status with its comment, not an exception", async (t) => {
  const association = await pair(t, {
    onStore: async () => ({ status: 0xa700, errorComment: "no room", offendingElement: [0x7fe00010] }),
  });
  assert.deepEqual(await association.store(ct(new Uint8Array(10))), {
    status: 0xa700,
    errorComment: "no room",
    offendingElement: [0x7fe00010],
  });
});

test("what no accepted context fits is not sent", async (t) => {
  const association = await pair(t);
  await assert.rejects(association.store({ ...ct(new Uint8Array(2)), transferSyntax: IMPLICIT_LITTLE_ENDIAN }), {
    code: "answer.not-acceptable",
  });
  assert.deepEqual(await association.echo(), { status: 0 });
});

test("a source that fails in the middle aborts the association, and the peer stores nothing", async (t) => {
  const outcome = Promise.withResolvers<string>();
  const association = await pair(t, {
    async onStore(_, dataSet) {
      try {
        for await (const _chunk of dataSet);
        outcome.resolve("stored");
      } catch {
        outcome.resolve("cut");
      }
      return { status: 0 };
    },
  });
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(300_000);
    throw new Error("the disk broke");
  }
  await assert.rejects(association.store(ct(broken())), /the disk broke/);
  assert.equal(await outcome.promise, "cut");
  await assert.rejects(association.echo());
});

test("a rejection carries result, source and reason", async (t) => {
  const { port } = await listenerFor(t, { decide: async () => ({ reject: REJECTIONS["called-ae"] }) });
  await assert.rejects(openAssociation(options(port)), (thrown) => {
    assert.ok(thrown instanceof AssociationRejected && thrown.code === "peer.refused");
    assert.deepEqual(thrown.rejection, { type: "A-ASSOCIATE-RJ", result: 1, source: 1, reason: 7 });
    return true;
  });
});

test("a port where nobody listens is refused, a peer that never answers is silent", async (t) => {
  const port = await peer(t, () => undefined);
  const gone = await listenerFor(t);
  await gone.close();
  await assert.rejects(openAssociation(options(gone.port)), { code: "peer.refused" });
  await assert.rejects(openAssociation(options(port, { timeouts: { associateMs: 50 } })), { code: "peer.silent" });
});

test("a peer that does not answer a store in time is aborted, and so it is not known whether it stored", async (t) => {
  const port = await peer(t, accept);
  const association = await openAssociation(options(port, { timeouts: { responseMs: 50 } }));
  await assert.rejects(association.store(ct(new Uint8Array(10))), { code: "peer.silent" });
});

test("a peer that hangs up during a store is silent, one that aborts refused", async (t) => {
  const hanging = await peer(t, (socket, request) => {
    accept(socket, request);
    socket.on("data", () => socket.destroy());
  });
  await assert.rejects((await openAssociation(options(hanging))).store(ct(new Uint8Array(10))), {
    code: "peer.silent",
  });
  const aborting = await peer(t, (socket, request) => {
    accept(socket, request);
    socket.on("data", () => socket.write(writePdu({ type: "A-ABORT", source: 2, reason: 0 })));
  });
  await assert.rejects((await openAssociation(options(aborting))).store(ct(new Uint8Array(10))), {
    code: "peer.refused",
  });
});

test("plain DICOM beyond loopback is not spoken", async () => {
  await assert.rejects(openAssociation({ ...options(104), host: "192.0.2.1" }), { code: "config.invalid" });
});

test("a signal ends the opening and the association", async (t) => {
  const port = await peer(t, () => undefined);
  await assert.rejects(openAssociation(options(port, { signal: AbortSignal.abort() })), { code: "request.cancelled" });
  const controller = new AbortController();
  const opening = openAssociation(options(port, { signal: controller.signal }));
  setTimeout(() => controller.abort(), 30);
  await assert.rejects(opening, { code: "request.cancelled" });
});

test("PS3.7 §D.3.3.4: with the SCP role the client serves the peer's stores on the same association", async (t) => {
  const stored: Uint8Array[] = [];
  const port = await peer(t, (socket, request) => {
    assert.ok(request.type === "A-ASSOCIATE-RQ");
    socket.write(
      writePdu(negotiate(request, { offer: OFFER, maxPduLength: 4096, requestorMayServe: new Set([CT]) }).reply),
    );
    const store = {
      command: "C-STORE-RQ",
      hasDataSet: true,
      messageId: 5,
      affectedSopClassUid: CT,
      affectedSopInstanceUid: "1.2",
    } as const;
    socket.write(Buffer.concat([commandPdus(3, store, 0), dataPdu(3, "data-set", Uint8Array.of(1, 2), true)]));
    socket.on("data", (bytes: Buffer) =>
      socket.write(writePdu({ type: "A-ABORT", source: 0, reason: bytes.length > 6 ? 0 : 1 })),
    );
  });
  const association = await openAssociation(
    options(port, {
      roles: [{ sopClassUid: CT, scu: false, scp: true }],
      async serve({ command, dataSet }) {
        assert.equal(command.command, "C-STORE-RQ");
        for await (const chunk of dataSet ?? []) stored.push(chunk);
        return { status: 0 };
      },
    }),
  );
  assert.equal(association.accepted.get(3)?.requestorIsScp, true);
  await association.conversation.closed;
  assert.deepEqual(Buffer.concat(stored), Buffer.of(1, 2));
});

test("C-GET: a handler stores on the requestor's own association, large objects too, and counts what came of it", async (t) => {
  const STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3";
  const sizes = [10, 1_500_001, 700_000];
  const got: number[] = [];
  const { port } = await listenerFor(t, {
    decide: async () => ({
      accept: true,
      context: "",
      offer: new Map([...OFFER, [STUDY_GET, new Set([EXPLICIT_LITTLE_ENDIAN])]]),
      requestorMayServe: new Set([CT]),
    }),
    handlers: {
      async "C-GET-RQ"({ contexts, ask, pending, dataSet }) {
        for await (const _ of dataSet ?? []);
        const target = [...contexts.values()].find(({ abstractSyntax }) => abstractSyntax === CT);
        assert.ok(target?.requestorIsScp);
        let completed = 0;
        for (const [index, size] of sizes.entries()) {
          const { response } = await ask(
            target.id,
            (messageId) => ({
              command: "C-STORE-RQ",
              hasDataSet: true,
              messageId,
              affectedSopClassUid: CT,
              affectedSopInstanceUid: `1.2.${index}`,
            }),
            { dataSet: [new Uint8Array(size)], responseMs: 5000 },
          );
          if (response.status === 0) completed += 1;
          await pending({ status: 0xff00, remaining: sizes.length - index - 1, completed, failed: 0, warning: 0 });
        }
        return { status: 0, completed, failed: 0, warning: 0 };
      },
    },
  });
  const association = await openAssociation(
    options(port, {
      contexts: [...CONTEXTS, { abstractSyntax: STUDY_GET, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] }],
      roles: [{ sopClassUid: CT, scu: true, scp: true }],
      async serve({ dataSet }) {
        let size = 0;
        for await (const chunk of dataSet ?? []) {
          size += chunk.length;
          await sleep(1);
        }
        got.push(size);
        return { status: 0 };
      },
    }),
  );
  const pendings: number[] = [];
  const { response } = await association.conversation.ask(
    5,
    (messageId) => ({ command: "C-GET-RQ", hasDataSet: true, messageId, affectedSopClassUid: STUDY_GET }),
    { dataSet: [new Uint8Array(4)], responseMs: 5000, onPending: ({ status }) => pendings.push(status) },
  );
  assert.ok(response.command === "C-GET-RSP");
  assert.deepEqual([response.status, response.completed], [0, 3]);
  assert.deepEqual(pendings, [0xff00, 0xff00, 0xff00]);
  assert.deepEqual(got, sizes);
  await association.release();
});
