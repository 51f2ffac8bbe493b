import assert from "node:assert/strict";
import { test } from "node:test";
import { ShareProposal } from "#contract/sharing.ts";
import { readAloud } from "./consent-text.ts";
import {
  basisOfOffer,
  type Draft,
  downloadPart,
  FIRST_DRAFT,
  keyOfBasis,
  makePassword,
  proposalOf,
} from "./proposal.ts";

const ID = "0198a000-0000-7000-8000-000000000001";
const draft = (part: Partial<Draft>): Draft => ({ ...FIRST_DRAFT, ...part });

test("nothing is proposed until somebody is named", () => {
  assert.equal(proposalOf(draft({})), undefined);
  assert.equal(proposalOf(draft({ recipient: "   " })), undefined);
  assert.equal(proposalOf(draft({ tab: "group" })), undefined);
  assert.equal(proposalOf(draft({ tab: "group", partner: "person", email: "no address" })), undefined);
});

test("every proposal is one the contract takes", () => {
  for (const part of [
    { recipient: "Dr Fourie" },
    { recipient: "Dr Fourie", address: "b@fourie.example", basis: `consent:${ID}`, download: true, maxUses: 3 },
    { recipient: "Ayanda", toPatient: true, challenge: "birth-date" },
    { recipient: "Ayanda", challenge: "password", password: "abcd-efgh-jkmn-pqrs" },
    { tab: "group", partner: ID, basis: `agreement:${ID}` },
    { tab: "group", partner: "person", email: "T.Mokoena@GP.example", basis: "own-care:" },
    { tab: "group", partner: "person", email: "a@gp.example", workplace: ID, basis: "own-care:" },
    { recipient: "Court", basis: "legal-order:", legalNote: "Order 17/2026 of the High Court, 3 November" },
  ] satisfies Partial<Draft>[])
    assert.ok(ShareProposal.safeParse(proposalOf(draft(part))).success, JSON.stringify(part));
});

test("a person at a partner is proposed with where they work, where that was chosen", () => {
  const subject = (workplace: string) =>
    proposalOf(draft({ tab: "group", partner: "person", email: "A@GP.example", workplace }))?.subject;
  assert.deepEqual(subject(ID), { kind: "person", email: "a@gp.example", organisation: ID });
  assert.deepEqual(subject(""), { kind: "person", email: "a@gp.example" });
});

test("a challenge that is not filled in is left out, so that the verdict says what is missing", () => {
  assert.equal(proposalOf(draft({ recipient: "x", challenge: "code", address: "" }))?.challenge, undefined);
  assert.equal(
    proposalOf(draft({ recipient: "x", challenge: "code", address: "+27 39 254 0000" }))?.challenge,
    undefined,
  );
  assert.equal(proposalOf(draft({ recipient: "x", challenge: "password", password: "short" }))?.challenge, undefined);
});

test("a group has no challenge and no count of openings, and may report where it reads", () => {
  const proposal = proposalOf(
    draft({ tab: "group", partner: ID, purpose: "care", maxUses: 3, address: "a@b.example" }),
  );
  assert.ok(proposal);
  assert.equal(proposal.challenge, undefined);
  assert.equal(proposal.maxUses, null);
  assert.deepEqual(proposal.rights, ["view", "report"]);
});

test("a link never carries the right to report", () => {
  assert.deepEqual(proposalOf(draft({ recipient: "x", purpose: "care", download: true }))?.rights, [
    "view",
    "download",
  ]);
});

test("a legal order without its reason is no basis", () => {
  assert.equal(proposalOf(draft({ recipient: "x", basis: "legal-order:", legalNote: "court" }))?.basis, undefined);
});

test("a basis that is offered is proposed as it is named", () => {
  const basis = basisOfOffer({ kind: "agreement", id: ID });
  assert.deepEqual(basis, { kind: "agreement", id: ID });
  assert.equal(keyOfBasis(basis), `agreement:${ID}`);
  assert.equal(keyOfBasis(basisOfOffer({ kind: "own-care", id: null })), "own-care:");
  assert.equal(basisOfOffer({ kind: "emergency", id: null }), undefined);
});

test("a password that is made can be said aloud: four groups of four, no letters that look alike", () => {
  for (let round = 0; round < 50; round++)
    assert.match(makePassword(), /^([abcdefghjkmnp-z2-9]{4}-){3}[abcdefghjkmnp-z2-9]{4}$/);
});

test("a birth date gives way to a code while download is on, and comes back unless an address was typed", () => {
  const born = draft({ challenge: "birth-date" });
  const on = { ...born, ...downloadPart(born, true) };
  assert.equal(on.challenge, "code");
  assert.deepEqual({ ...on, ...downloadPart(on, false) }, born);
  const typed = { ...on, address: "a@b.example" };
  assert.equal({ ...typed, ...downloadPart(typed, false) }.challenge, "code");
  const password = draft({ challenge: "password", download: true });
  assert.equal({ ...password, ...downloadPart(password, false) }.challenge, "password");
});

test("what a template says to staff stands apart from what is read to the patient", () => {
  assert.deepEqual(readAloud("TEMPLATE. Have it read.\n\nYou agree.\n\nYou may withdraw."), {
    text: ["You agree.", "You may withdraw."],
    notice: "TEMPLATE. Have it read.",
  });
  assert.deepEqual(readAloud("You agree."), { text: ["You agree."], notice: undefined });
});
