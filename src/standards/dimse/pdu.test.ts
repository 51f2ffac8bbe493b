import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { type Pdu, readPdu, writePdu } from "#standards/dimse/pdu.ts";

const VECTORS: ReadonlyMap<string, Uint8Array> = new Map(
  readFileSync(new URL("../../../test/vectors/dimse-pdus.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = "", hex = ""] = line.split(" ");
      return [name, Buffer.from(hex, "hex")];
    }),
);

function vector(name: string): Uint8Array {
  const bytes = VECTORS.get(name);
  assert.ok(bytes, `there is no vector ${name}`);
  return bytes;
}

/** Hidden values compare by what they hide. */
function plain(value: unknown): unknown {
  if (value instanceof Hidden) return { hidden: plain(value.reveal()) };
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

test("PS3.8 §9.3.2: an A-ASSOCIATE-RQ of DCMTK's echoscu is read field by field", () => {
  assert.deepEqual(readPdu(vector("echoscu-rq")), {
    type: "A-ASSOCIATE-RQ",
    protocolVersion: 1,
    calledAe: "SAFELIGHT",
    callingAe: "MODALITY",
    applicationContext: "1.2.840.10008.3.1.1.1",
    contexts: [{ id: 1, abstractSyntax: "1.2.840.10008.1.1", transferSyntaxes: ["1.2.840.10008.1.2"] }],
    user: {
      maxPduLength: 16384,
      implementationClassUid: "1.2.276.0.7230010.3.0.3.6.7",
      implementationVersion: "OFFIS_DCMTK_367",
    },
  });
});

test("PS3.7 §D.3.3.7: a user identity is read and does not print itself", () => {
  const pdu = readPdu(vector("storescu-identity-rq"));
  assert.equal(pdu.type, "A-ASSOCIATE-RQ");
  const identity = pdu.user.userIdentity;
  assert.ok(identity);
  assert.equal(identity.type, 2);
  assert.equal(identity.positiveResponseRequested, true);
  assert.equal(Buffer.from(identity.primary.reveal()).toString(), "reader");
  assert.equal(Buffer.from(identity.secondary.reveal()).toString(), "secret");
  assert.ok(!JSON.stringify(pdu).includes(Buffer.from("secret").toString("hex")));
});

test("PS3.8 §9.3.3: an A-ASSOCIATE-AC of DCMTK's storescp is read", () => {
  const pdu = readPdu(vector("storescp-ac"));
  assert.equal(pdu.type, "A-ASSOCIATE-AC");
  assert.deepEqual(pdu.contexts, [{ id: 1, result: 0, transferSyntax: "1.2.840.10008.1.2" }]);
});

for (const name of VECTORS.keys()) {
  test(`${name}: what is read is written byte for byte, but for reserved bytes`, () => {
    const bytes = vector(name);
    const written = writePdu(readPdu(bytes));
    assert.equal(written.length, bytes.length);
    assert.deepEqual(plain(readPdu(written)), plain(readPdu(bytes)));
  });
  test(`${name}: cut at any byte it is a Fault, and with a byte too many as well`, () => {
    const bytes = vector(name);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.throws(() => readPdu(bytes.subarray(0, length)), { code: "dimse.malformed" });
    }
    assert.throws(() => readPdu(Buffer.concat([bytes, Uint8Array.of(0)])), { code: "dimse.malformed" });
  });
}

for (const [what, hex] of [
  ["a PDU type that PS3.8 does not know", "0800000000040000000000"],
  ["a P-DATA-TF without value", "040000000000"],
  ["a presentation data value shorter than its header", "0400000000050000000101"],
  ["a presentation data value longer than its PDU", "040000000006000000030101"],
  ["an A-ABORT with a byte too many", "0700000000050000020100"],
] as const) {
  test(`${what} is a Fault`, () => assert.throws(() => readPdu(Buffer.from(hex, "hex")), { code: "dimse.malformed" }));
}

test("PS3.8 §9.3.2.2: an even or repeated presentation context id is a Fault", () => {
  const request = readPdu(vector("echoscu-rq"));
  assert.ok(request.type === "A-ASSOCIATE-RQ");
  const [context] = request.contexts;
  assert.ok(context);
  assert.throws(() => readPdu(writePdu({ ...request, contexts: [{ ...context, id: 2 }] })), {
    code: "dimse.malformed",
  });
  assert.throws(() => readPdu(writePdu({ ...request, contexts: [context, context] })), { code: "dimse.malformed" });
});

test("PS3.8 §9.3.1: an item that nobody knows is skipped", () => {
  const bytes = Buffer.from(vector("echoscu-rq"));
  const longer = Buffer.concat([bytes, Buffer.from("60000003aabbcc", "hex")]);
  longer.writeUInt32BE(longer.length - 6, 2);
  assert.deepEqual(readPdu(longer), readPdu(bytes));
});

const uid = fc.array(fc.nat(99999), { minLength: 1, maxLength: 9 }).map((numbers) => numbers.join("."));
const text = fc.string({ unit: fc.constantFrom(...Array.from("ABCDEFGHIJ_0123456789")), minLength: 1, maxLength: 16 });
const byte = fc.nat(255);
const hidden = fc.uint8Array({ maxLength: 40 }).map((bytes) => new Hidden(bytes));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const user = fc
  .record({
    maxPduLength: optional(fc.nat(0xffffffff)),
    implementationClassUid: optional(uid),
    implementationVersion: optional(text),
    asynchronousOperations: optional(fc.record({ invoked: fc.nat(0xffff), performed: fc.nat(0xffff) })),
    roles: optional(
      fc.array(fc.record({ sopClassUid: uid, scu: fc.boolean(), scp: fc.boolean() }), { minLength: 1, maxLength: 4 }),
    ),
    extended: optional(
      fc.array(fc.record({ sopClassUid: uid, information: fc.uint8Array({ maxLength: 20 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
    commonExtended: optional(
      fc.array(
        fc.record({
          sopClassUid: uid,
          serviceClassUid: uid,
          relatedGeneralSopClassUids: fc.array(uid, { maxLength: 3 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    ),
    userIdentity: optional(
      fc.record({ type: byte, positiveResponseRequested: fc.boolean(), primary: hidden, secondary: hidden }),
    ),
    userIdentityResponse: optional(fc.uint8Array({ maxLength: 20 })),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
const ids = fc.uniqueArray(
  fc.nat(127).map((n) => n * 2 + 1),
  { minLength: 1, maxLength: 20 },
);
const head = { protocolVersion: fc.nat(0xffff), calledAe: text, callingAe: text, applicationContext: uid, user };
const anyPdu: fc.Arbitrary<Pdu> = fc.oneof(
  fc.record({
    type: fc.constant("A-ASSOCIATE-RQ" as const),
    ...head,
    contexts: ids.chain((all) =>
      fc.tuple(
        ...all.map((id) =>
          fc.record({ id: fc.constant(id), abstractSyntax: uid, transferSyntaxes: fc.array(uid, { maxLength: 4 }) }),
        ),
      ),
    ),
  }),
  fc.record({
    type: fc.constant("A-ASSOCIATE-AC" as const),
    ...head,
    contexts: ids.chain((all) =>
      fc.tuple(...all.map((id) => fc.record({ id: fc.constant(id), result: byte, transferSyntax: uid }))),
    ),
  }),
  fc.record({ type: fc.constant("A-ASSOCIATE-RJ" as const), result: byte, source: byte, reason: byte }),
  fc.record({
    type: fc.constant("P-DATA-TF" as const),
    values: fc.array(
      fc.record({
        context: byte,
        kind: fc.constantFrom("command" as const, "data-set" as const),
        last: fc.boolean(),
        bytes: fc.uint8Array({ maxLength: 64 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
  fc.constant({ type: "A-RELEASE-RQ" as const }),
  fc.constant({ type: "A-RELEASE-RP" as const }),
  fc.record({ type: fc.constant("A-ABORT" as const), source: byte, reason: byte }),
);

test("law: whatever is written is read as the same PDU", () =>
  fc.assert(fc.property(anyPdu, (pdu) => assert.deepEqual(plain(readPdu(writePdu(pdu))), plain(pdu)))));

test("law: what decodes, encodes to what decodes the same; everything else is a Fault", () =>
  fc.assert(
    fc.property(anyPdu, fc.array(fc.tuple(fc.nat(), byte), { maxLength: 4 }), (pdu, changes) => {
      const bytes = Uint8Array.from(writePdu(pdu));
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      let read: Pdu;
      try {
        read = readPdu(bytes);
      } catch (thrown) {
        assert.ok(thrown instanceof Fault && thrown.code === "dimse.malformed");
        return;
      }
      assert.deepEqual(plain(readPdu(writePdu(read))), plain(read));
    }),
    { numRuns: 1000 },
  ));
