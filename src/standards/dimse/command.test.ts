import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import {
  answerTo,
  COMMAND_ELEMENTS,
  COMMANDS,
  type Command,
  type CommandName,
  type ElementName,
  errorComment,
  readCommand,
  writeCommand,
} from "#standards/dimse/command.ts";

/** One element, implicit VR little endian. */
function element(tag: number, hex: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0x0000, 0);
  head.writeUInt16LE(tag, 2);
  head.writeUInt32LE(hex.length / 2, 4);
  return Buffer.concat([head, Buffer.from(hex, "hex")]);
}
const ECHO = [
  element(0x0000, "00000000"),
  element(0x0002, Buffer.from("1.2.840.10008.1.1\0").toString("hex")),
  element(0x0100, "3000"),
  element(0x0110, "0100"),
  element(0x0800, "0101"),
];

test("PS3.7 table 9.3-12: a C-ECHO-RQ as every sender writes it is read and written byte for byte", () => {
  const bytes = Buffer.concat([element(0x0000, "38000000"), ...ECHO.slice(1)]);
  const command = readCommand(bytes);
  assert.deepEqual(command, {
    command: "C-ECHO-RQ",
    hasDataSet: false,
    messageId: 1,
    affectedSopClassUid: "1.2.840.10008.1.1",
  });
  assert.deepEqual(Buffer.from(writeCommand(command)), bytes);
});

test("a wrong group length, a missing one, retired and unknown elements do no harm", () => {
  const extra = [element(0x0010, "4142"), element(0x5010, "0000")];
  assert.equal(readCommand(Buffer.concat([...ECHO, ...extra])).command, "C-ECHO-RQ");
  assert.equal(readCommand(Buffer.concat(ECHO.slice(1))).command, "C-ECHO-RQ");
});

test("AE titles and UIDs lose their padding, tags are 32-bit numbers", () => {
  const response = readCommand(
    Buffer.concat([
      element(0x0100, "0180"),
      element(0x0120, "0700"),
      element(0x0800, "0101"),
      element(0x0900, "00a9"),
      element(0x0901, "2800100008001800"),
      element(0x0902, Buffer.from("no Rows ").toString("hex")),
    ]),
  );
  assert.deepEqual(response, {
    command: "C-STORE-RSP",
    hasDataSet: false,
    respondsTo: 7,
    status: 0xa900,
    offendingElement: [0x00280010, 0x00080018],
    errorComment: "no Rows",
  });
});

for (const [what, bytes] of [
  ["of another group", Buffer.concat([...ECHO, Buffer.from("0800180002000000" + "3100", "hex")])],
  ["that comes twice", Buffer.concat([...ECHO, element(0x0110, "0200")])],
  ["that is cut", Buffer.concat(ECHO).subarray(0, -1)],
  ["longer than what is left", Buffer.concat([...ECHO, Buffer.from("0000020900ffffff", "hex")])],
  ["with a command field of no message", Buffer.concat([element(0x0100, "3412"), element(0x0110, "0100")])],
  ["with a number of four bytes", Buffer.concat([element(0x0100, "3000"), element(0x0110, "01000000")])],
  [
    "with half a tag",
    Buffer.concat([element(0x0100, "3080"), element(0x0120, "0100"), element(0x0900, "0000"), element(0x0901, "2800")]),
  ],
] as const) {
  test(`an element ${what} is a Fault`, () => assert.throws(() => readCommand(bytes), { code: "dimse.malformed" }));
}

test("a command set without its field is a Fault", () =>
  assert.throws(() => readCommand(element(0x0110, "0100")), { code: "dimse.malformed", place: "(0000,0100)" }));

test("a C-STORE-RQ without SOP instance UID names the missing element", () =>
  assert.throws(
    () => readCommand(Buffer.concat([element(0x0002, "312e32"), element(0x0100, "0100"), element(0x0110, "0100")])),
    { code: "dimse.malformed", place: "(0000,1000)" },
  ));

test("PS3.7 §9.3, §10.3: every request has a response with its field and the top bit", () => {
  for (const [name, { field }] of Object.entries(COMMANDS)) {
    if (name === "C-CANCEL-RQ" || !name.endsWith("-RQ")) continue;
    assert.equal(COMMANDS[name.replace("-RQ", "-RSP") as CommandName].field, field | 0x8000, name);
  }
});

test("the answer to a request copies classes, instance and ids to where the response has them", () => {
  const action: Command = {
    command: "N-ACTION-RQ",
    hasDataSet: true,
    messageId: 9,
    requestedSopClassUid: "1.2",
    requestedSopInstanceUid: "1.2.3",
    actionTypeId: 1,
  };
  assert.deepEqual(answerTo(action, 0), {
    command: "N-ACTION-RSP",
    hasDataSet: false,
    respondsTo: 9,
    status: 0,
    affectedSopClassUid: "1.2",
    affectedSopInstanceUid: "1.2.3",
    actionTypeId: 1,
  });
  const find: Command = { command: "C-FIND-RQ", hasDataSet: true, messageId: 2, affectedSopClassUid: "1.2" };
  assert.deepEqual(answerTo(find, 0xa700, { errorComment: "full", remaining: 3 }), {
    command: "C-FIND-RSP",
    hasDataSet: false,
    respondsTo: 2,
    status: 0xa700,
    affectedSopClassUid: "1.2",
    errorComment: "full",
  });
});

test("PS3.5 table 6.2-1: an error comment has at most 64 characters, none of them a backslash or a control character", () => {
  assert.equal(errorComment("a\\b\nc\u00e9"), "a/b?c?");
  assert.equal(errorComment("x".repeat(64)).length, 64);
  assert.equal(errorComment("x".repeat(65)), `${"x".repeat(61)}...`);
});

const uid = fc.array(fc.nat(99999), { minLength: 1, maxLength: 9 }).map((numbers) => numbers.join("."));
const text = fc.string({ unit: fc.constantFrom(...Array.from("ABCDEFGHIJ_0123456789")), minLength: 1, maxLength: 16 });
const VALUES = {
  US: fc.nat(0xffff),
  UI: uid,
  AE: text,
  LO: text,
  AT: fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 3 }),
};
const anyCommand = fc.constantFrom(...(Object.keys(COMMANDS) as CommandName[])).chain((command) => {
  const { needs, may }: { needs: readonly ElementName[]; may: readonly ElementName[] } = COMMANDS[command];
  const arbitraryOf = (name: ElementName): fc.Arbitrary<unknown> => VALUES[COMMAND_ELEMENTS[name].vr];
  return fc
    .record({
      ...Object.fromEntries(needs.map((name) => [name, arbitraryOf(name)])),
      ...Object.fromEntries(may.map((name) => [name, fc.option(arbitraryOf(name), { nil: undefined })])),
      hasDataSet: fc.boolean(),
    })
    .map(
      (fields) =>
        ({
          command,
          ...Object.fromEntries(Object.entries<unknown>(fields).filter(([, value]) => value !== undefined)),
        }) as Command,
    );
});

test("law: every command is read as it was written, elements ascending, group length right", () =>
  fc.assert(
    fc.property(anyCommand, (command) => {
      const bytes = Buffer.from(writeCommand(command));
      assert.deepEqual({ ...readCommand(bytes) }, { ...command });
      assert.equal(bytes.readUInt32LE(8), bytes.length - 12);
      assert.equal(bytes.length % 2, 0);
      let before = -1;
      for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32LE(at + 4)) {
        assert.ok(bytes.readUInt16LE(at + 2) > before);
        before = bytes.readUInt16LE(at + 2);
      }
    }),
  ));

test("law: any change to a command set is read or is a Fault", () =>
  fc.assert(
    fc.property(
      anyCommand,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
      fc.nat(),
      (command, changes, length) => {
        const bytes = Uint8Array.from(writeCommand(command));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        for (const input of [bytes, bytes.subarray(0, length % bytes.length)]) {
          try {
            readCommand(input);
          } catch (thrown) {
            assert.ok(thrown instanceof Fault && thrown.code === "dimse.malformed");
          }
        }
      },
    ),
    { numRuns: 1000 },
  ));
