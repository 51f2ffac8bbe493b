import assert from "node:assert/strict";
import { test } from "node:test";
import { Hidden } from "#kit/hidden.ts";
import {
  agreed,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  negotiate,
  propose,
  storageOffer,
  VERIFICATION,
} from "#standards/dimse/negotiate.ts";
import { readPdu, writePdu } from "#standards/dimse/pdu.ts";

const CT = "1.2.840.10008.5.1.4.1.1.2";
const MR = "1.2.840.10008.5.1.4.1.1.4";
const J2K = "1.2.840.10008.1.2.4.90";
const offer = storageOffer([CT], [IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, J2K]);
const proposal = { calledAe: "US", callingAe: "THEM", maxPduLength: 16384 };

test("PS3.8 table 9-18: a class we do not have is 3, syntaxes we do not have are 4, else the proposer's first that we have", () => {
  const request = propose({
    ...proposal,
    contexts: [
      { abstractSyntax: CT, transferSyntaxes: ["1.2.3", J2K, EXPLICIT_LITTLE_ENDIAN] },
      { abstractSyntax: MR, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] },
      { abstractSyntax: CT, transferSyntaxes: ["1.2.3"] },
      { abstractSyntax: VERIFICATION, transferSyntaxes: [J2K, IMPLICIT_LITTLE_ENDIAN] },
      { abstractSyntax: CT, transferSyntaxes: [] },
    ],
  });
  const { reply, contexts } = negotiate(request, { offer, maxPduLength: 131072 });
  assert.deepEqual(reply.contexts, [
    { id: 1, result: 0, transferSyntax: J2K },
    { id: 3, result: 3, transferSyntax: EXPLICIT_LITTLE_ENDIAN },
    { id: 5, result: 4, transferSyntax: "1.2.3" },
    { id: 7, result: 0, transferSyntax: IMPLICIT_LITTLE_ENDIAN },
    { id: 9, result: 4, transferSyntax: IMPLICIT_LITTLE_ENDIAN },
  ]);
  assert.deepEqual([...contexts.keys()], [1, 7]);
  assert.deepEqual(readPdu(writePdu(reply)), reply);
  assert.deepEqual([...agreed(request, reply).values()], [...contexts.values()]);
});

test("the retired big endian syntax is taken only where nothing else is proposed", () => {
  const big = "1.2.840.10008.1.2.2";
  const wide = storageOffer([CT], [big, IMPLICIT_LITTLE_ENDIAN]);
  const contexts = [[big, IMPLICIT_LITTLE_ENDIAN], [big]].map((transferSyntaxes) => ({
    abstractSyntax: CT,
    transferSyntaxes,
  }));
  const { reply } = negotiate(propose({ ...proposal, contexts }), { offer: wide, maxPduLength: 1 });
  assert.deepEqual(
    reply.contexts.map(({ transferSyntax }) => transferSyntax),
    [IMPLICIT_LITTLE_ENDIAN, big],
  );
});

test("PS3.7 §D.3.3.3: proposed asynchronous operations are answered one and one, unproposed ones not at all", () => {
  const contexts = [{ abstractSyntax: CT, transferSyntaxes: [J2K] }];
  const many = propose({ ...proposal, contexts, user: { asynchronousOperations: { invoked: 0, performed: 8 } } });
  assert.deepEqual(negotiate(many, { offer, maxPduLength: 1 }).reply.user.asynchronousOperations, {
    invoked: 1,
    performed: 1,
  });
  assert.equal(
    negotiate(propose({ ...proposal, contexts }), { offer, maxPduLength: 1 }).reply.user.asynchronousOperations,
    undefined,
  );
});

test("PS3.7 §D.3.3.4: the SCP role is granted to a requestor only where the policy says so", () => {
  const roles = [
    { sopClassUid: CT, scu: false, scp: true },
    { sopClassUid: MR, scu: true, scp: true },
  ];
  const request = propose({ ...proposal, contexts: [{ abstractSyntax: CT, transferSyntaxes: [J2K] }], roles });
  const refused = negotiate(request, { offer, maxPduLength: 1 });
  assert.deepEqual(refused.reply.user.roles, [{ sopClassUid: CT, scu: false, scp: false }]);
  const granted = negotiate(request, { offer, maxPduLength: 1, requestorMayServe: new Set([CT]) });
  assert.deepEqual(granted.reply.user.roles, [{ sopClassUid: CT, scu: false, scp: true }]);
  assert.deepEqual(granted.contexts.get(1), {
    id: 1,
    abstractSyntax: CT,
    transferSyntax: J2K,
    requestorIsScu: false,
    requestorIsScp: true,
  });
  assert.deepEqual(agreed(request, granted.reply).get(1), granted.contexts.get(1));
});

test("PS3.7 §D.3.3.5, §D.3.3.7: extended negotiation and user identity are answered only when the policy has an answer", () => {
  const request = propose({
    ...proposal,
    contexts: [{ abstractSyntax: CT, transferSyntaxes: [J2K] }],
    user: {
      extended: [{ sopClassUid: CT, information: Uint8Array.of(1, 1) }],
      userIdentity: {
        type: 1,
        positiveResponseRequested: true,
        primary: new Hidden(Buffer.from("u")),
        secondary: new Hidden(new Uint8Array(0)),
      },
    },
  });
  const silent = negotiate(request, { offer, maxPduLength: 1 }).reply.user;
  assert.equal(silent.extended, undefined);
  assert.equal(silent.userIdentityResponse, undefined);
  const answered = negotiate(request, {
    offer,
    maxPduLength: 1,
    answerExtended: () => Uint8Array.of(0),
    userIdentityResponse: new Uint8Array(0),
  }).reply.user;
  assert.deepEqual(answered.extended, [{ sopClassUid: CT, information: Uint8Array.of(0) }]);
  assert.deepEqual(answered.userIdentityResponse, new Uint8Array(0));
});

test("a proposal keeps to 128 contexts with odd ids and to AE titles of 16 plain characters", () => {
  const contexts = Array.from({ length: 128 }, () => ({ abstractSyntax: CT, transferSyntaxes: [J2K] }));
  assert.equal(propose({ ...proposal, contexts }).contexts.at(-1)?.id, 255);
  assert.throws(() => propose({ ...proposal, contexts: [...contexts, ...contexts] }), { code: "config.invalid" });
  assert.throws(() => propose({ ...proposal, contexts: [] }), { code: "config.invalid" });
  for (const callingAe of ["", " ", "SEVENTEEN_LETTERS", "BACK\\SLASH", "ÄE"]) {
    assert.throws(() => propose({ ...proposal, callingAe, contexts }), { code: "config.invalid" });
  }
});

test("a reply that accepts what was not proposed is a Fault", () => {
  const request = propose({ ...proposal, contexts: [{ abstractSyntax: CT, transferSyntaxes: [J2K] }] });
  const { reply } = negotiate(request, { offer, maxPduLength: 1 });
  for (const context of [
    { id: 3, result: 0, transferSyntax: J2K },
    { id: 1, result: 0, transferSyntax: EXPLICIT_LITTLE_ENDIAN },
  ]) {
    assert.throws(() => agreed(request, { ...reply, contexts: [context] }), { code: "dimse.malformed" });
  }
});
