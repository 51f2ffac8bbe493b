import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Command, writeCommand } from "#standards/dimse/command.ts";
import {
  ASSEMBLY_START,
  assemble,
  commandPdus,
  dataSetPdus,
  MAX_COMMAND_BYTES,
  type MessagePart,
  payloadSize,
} from "#standards/dimse/message.ts";
import type { FragmentKind } from "#standards/dimse/pdu.ts";
import { type Fragment, PDU_LIMITS, PduStream } from "#standards/dimse/pdu-stream.ts";

const STORE: Command = {
  command: "C-STORE-RQ",
  hasDataSet: true,
  messageId: 1,
  affectedSopClassUid: "1.2",
  affectedSopInstanceUid: "1.2.3",
};
const ECHO: Command = { command: "C-ECHO-RQ", hasDataSet: false, messageId: 2 };
const STORE_BYTES = writeCommand(STORE);

const piece = (kind: FragmentKind, bytes: Uint8Array, last: boolean, context = 1): Fragment => ({
  context,
  kind,
  bytes,
  last,
});

function assembleAll(fragments: readonly Fragment[]): MessagePart[] {
  let assembly = ASSEMBLY_START;
  const parts: MessagePart[] = [];
  for (const fragment of fragments) {
    const [next, part] = assemble(assembly, fragment);
    assembly = next;
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

test("a command in pieces of any size and the data set after it come out as one message", () => {
  for (let size = 1; size <= STORE_BYTES.length; size += 1) {
    const pieces: Fragment[] = [];
    for (let at = 0; at < STORE_BYTES.length; at += size) {
      pieces.push(piece("command", STORE_BYTES.subarray(at, at + size), at + size >= STORE_BYTES.length));
    }
    const data = [piece("data-set", Uint8Array.of(1, 2), false), piece("data-set", Uint8Array.of(3, 4), true)];
    assert.deepEqual(assembleAll([...pieces, ...data]), [
      { is: "command", context: 1, command: STORE },
      { is: "data", bytes: Uint8Array.of(1, 2), last: false },
      { is: "data", bytes: Uint8Array.of(3, 4), last: true },
    ]);
  }
});

test("a message without data set is followed by the next command", () => {
  const echo = piece("command", writeCommand(ECHO), true);
  assert.equal(assembleAll([echo, echo]).length, 2);
});

for (const [what, fragments] of [
  ["a data set without command", [piece("data-set", Uint8Array.of(0), true)]],
  [
    "a data set after a command that announced none",
    [piece("command", writeCommand(ECHO), true), piece("data-set", Uint8Array.of(0), true)],
  ],
  [
    "a command where a data set was announced",
    [piece("command", STORE_BYTES, true), piece("command", STORE_BYTES, true)],
  ],
  [
    "a command inside a data set",
    [
      piece("command", STORE_BYTES, true),
      piece("data-set", Uint8Array.of(0), false),
      piece("command", STORE_BYTES, true),
    ],
  ],
  [
    "a data set fragment inside a command",
    [piece("command", STORE_BYTES.subarray(0, 9), false), piece("data-set", Uint8Array.of(0), true)],
  ],
  [
    "a fragment of another context inside a message",
    [piece("command", STORE_BYTES, true), piece("data-set", Uint8Array.of(0), true, 3)],
  ],
  [
    "a command set beyond the limit",
    [piece("command", new Uint8Array(MAX_COMMAND_BYTES), false), piece("command", Uint8Array.of(0), true)],
  ],
] as const) {
  test(`${what} is a Fault`, () => assert.throws(() => assembleAll(fragments), { code: "dimse.malformed" }));
}

test("PS3.8 annex D.1: PDUs keep to the peer's maximum length, which 0 leaves to us", () => {
  assert.equal(payloadSize(16384), 16378);
  assert.equal(payloadSize(0), 128 * 1024 - 6);
  assert.equal(payloadSize(2 ** 32 - 1), 128 * 1024 - 6);
  assert.equal(payloadSize(16383) % 2, 0);
  assert.equal(payloadSize(1), 2);
});

test("law: a data set in any chunks to a peer of any maximum arrives as it was, no PDU too long, in few writes", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 }),
      fc.integer({ min: 8, max: 2000 }),
      async (chunks, max) => {
        const stream = new PduStream({ ...PDU_LIMITS, maxDataPdu: max });
        const fragments: Fragment[] = [];
        for await (const bytes of dataSetPdus(1, chunks, max, commandPdus(1, STORE, max))) {
          for (const part of stream.feed(bytes)) {
            assert.ok(part.is === "fragment", "every PDU keeps to the maximum");
            fragments.push(part.fragment);
          }
        }
        const [command, ...data] = assembleAll(fragments);
        assert.deepEqual(command, { is: "command", context: 1, command: STORE });
        assert.deepEqual(
          Buffer.concat(data.map((part) => (part.is === "data" ? part.bytes : Buffer.alloc(0)))),
          Buffer.concat(chunks),
        );
        assert.deepEqual(
          data.map((part) => part.is === "data" && part.last),
          [...data.slice(1).map(() => false), true],
        );
      },
    ),
  ));

test("a source that reuses its buffer is sent as it was when it was given", async () => {
  const buffer = new Uint8Array(10);
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const value of [1, 2, 3]) {
      buffer.fill(value);
      yield buffer;
    }
  }
  const out: Uint8Array[] = [];
  for await (const bytes of dataSetPdus(1, source(), 0, new Uint8Array(0))) out.push(bytes);
  assert.equal(Buffer.concat(out).subarray(12).toString("hex"), "01".repeat(10) + "02".repeat(10) + "03".repeat(10));
});
