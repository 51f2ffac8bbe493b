import assert from "node:assert/strict";
import { test } from "node:test";
import { PURPOSES, type Purpose, ROLES, type Role } from "#contract/words.ts";
import { stateOf } from "#features/sharing/access-rules.ts";
import {
  type AgreementFacts,
  basisOf,
  type ConsentFacts,
  carryingBases,
  isBirthDate,
  mayShare,
  type Proposal,
  type ShareFacts,
  workplaceOf,
} from "#features/sharing/share-rules.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const at = (days: number) => new Date(NOW.getTime() + days * 86_400_000);
const WHO = { organisation: "clinic", roles: ["radiologist"] as const };

const agreement = (over: Partial<AgreementFacts> = {}): AgreementFacts => ({
  ...{ id: "paper", partner: "group", purposes: ["second-opinion"], from: at(-10), until: at(100), endedAt: null },
  ...over,
});
const consent = (over: Partial<ConsentFacts> = {}): ConsentFacts => ({
  ...{ id: "yes", patient: "patient", decision: "given", purposes: ["teaching"], recipient: "" },
  ...{ from: at(-1), until: null, endedAt: null },
  ...over,
});
const facts = (over: Partial<ShareFacts> = {}): ShareFacts => ({
  ...{ owner: "clinic", patient: "patient", agreements: [], consents: [], linkMaxDays: 30 },
  ...over,
});
const OWN_CARE = { kind: "own-care", id: null, note: "" } as const;
const PAPER = { kind: "agreement", id: "paper", note: "" } as const;
const YES = { kind: "consent", id: "yes", note: "" } as const;
const link = (over: Partial<Proposal> = {}): Proposal => ({
  subject: { kind: "link", name: "Dr B. Fourie", toPatient: false },
  purpose: "second-opinion",
  basis: OWN_CARE,
  rights: ["view"],
  days: 7,
  challenge: { kind: "password" },
  ...over,
});
const group = (over: Partial<Proposal> = {}): Proposal =>
  link({ subject: { kind: "organisation", id: "group", name: "Bay Reading" }, challenge: null, ...over });

const because = (given: ShareFacts, proposal: Proposal) => mayShare(WHO, given, proposal, NOW).because;

test("nothing is shared without a basis, whatever the purpose", () => {
  for (const purpose of PURPOSES)
    for (const proposal of [link({ purpose, basis: null }), group({ purpose, basis: null })])
      assert.deepEqual(mayShare(WHO, facts({ agreements: [agreement()], consents: [consent()] }), proposal, NOW), {
        allowed: false,
        because: "basis-missing",
        basisUntil: null,
      });
});

test("only the owner's radiographers, radiologists and privacy officers share", () => {
  for (const role of ROLES) {
    const verdict = mayShare({ organisation: "clinic", roles: [role] }, facts(), link(), NOW);
    assert.equal(verdict.allowed, ["radiographer", "radiologist", "privacy-officer"].includes(role), role);
  }
  assert.equal(mayShare({ organisation: "group", roles: ["radiologist"] }, facts(), link(), NOW).because, "not-owner");
});

test("care of one's own patient carries care, second opinion and the patient's wish, and nothing else", () => {
  const carried: readonly Purpose[] = ["care", "second-opinion", "patient-request"];
  for (const purpose of PURPOSES)
    assert.equal(because(facts(), link({ purpose })), carried.includes(purpose) ? "own-care" : "basis-does-not-carry");
});

test("an organisation is shared with under a running agreement only, even for care", () => {
  assert.equal(because(facts(), group()), "basis-missing");
  assert.equal(because(facts({ agreements: [agreement()] }), group()), "own-care");
  assert.equal(because(facts({ agreements: [agreement({ endedAt: at(-1) })] }), group()), "basis-missing");
});

test("a share of care with a partner rests on the running agreement it needs, the longest, and ends with it", () => {
  const agreements = [
    agreement({ id: "short", until: at(10) }),
    agreement({ id: "long", until: at(50) }),
    agreement({ id: "ended", until: at(90), endedAt: at(-1) }),
    agreement({ id: "over", until: NOW }),
    agreement({ id: "theirs", partner: "another", until: at(70) }),
  ];
  const colleague = { kind: "person", id: "p", name: "Dr X", organisations: ["clinic"] } as const;
  const reader = { ...colleague, organisations: ["group"] };
  const given = facts({ agreements });
  for (const proposal of [group(), group({ subject: reader })]) {
    assert.deepEqual(mayShare(WHO, given, proposal, NOW), {
      allowed: true,
      because: "own-care",
      basisUntil: at(50),
    });
    assert.equal(basisOf(given, proposal, NOW), "long");
    assert.equal(because(facts({ agreements: agreements.slice(2) }), proposal), "basis-missing");
  }
  for (const proposal of [link(), group({ subject: colleague })]) {
    assert.deepEqual(mayShare(WHO, given, proposal, NOW), { allowed: true, because: "own-care", basisUntil: null });
    assert.equal(basisOf(given, proposal, NOW), null);
  }
  assert.equal(basisOf(given, group({ basis: PAPER }), NOW), "paper");
  assert.equal(basisOf(given, group({ basis: YES }), NOW), "yes");
});

test("a person is given a study for one workplace: the agreement's partner, else the owner's, else the only one they have", () => {
  const at = (organisations: readonly string[], basis: Proposal["basis"] = OWN_CARE) => {
    const given = facts({ agreements: [agreement()], consents: [consent({ purposes: ["second-opinion"] })] });
    const proposal = group({ subject: { kind: "person", id: "p", name: "Dr X", organisations }, basis });
    return [workplaceOf(given, proposal), because(given, proposal)];
  };
  assert.deepEqual(at(["clinic"]), ["clinic", "own-care"]);
  assert.deepEqual(at(["clinic", "group"]), ["clinic", "own-care"]);
  assert.deepEqual(at(["clinic", "group"], PAPER), ["group", "agreement"]);
  assert.deepEqual(at(["group"]), ["group", "own-care"]);
  assert.deepEqual(at(["group", "another"], PAPER), ["group", "agreement"]);
  for (const basis of [OWN_CARE, YES])
    assert.deepEqual(at(["group", "another"], basis), [null, "workplace-unclear"], "which of them?");
  for (const basis of [OWN_CARE, YES]) assert.deepEqual(at([], basis), [null, "workplace-unclear"]);
  assert.equal(workplaceOf(facts(), group()), null);
  assert.equal(workplaceOf(facts(), link()), null);
});

test("an agreement carries its partner, its purposes and its time", () => {
  const under = (over: Partial<AgreementFacts>, proposal = group({ basis: PAPER })) =>
    because(facts({ agreements: [agreement(over)] }), proposal);
  assert.equal(under({}), "agreement");
  assert.equal(under({ partner: "another" }), "basis-other-recipient");
  assert.equal(under({ purposes: ["teaching"] }), "basis-other-purpose");
  assert.equal(under({ endedAt: at(-1) }), "basis-ended");
  assert.equal(under({ until: NOW }), "basis-ended");
  assert.equal(under({ from: at(1) }), "basis-ended");
  assert.equal(under({ id: "another" }), "basis-missing");
  assert.equal(under({}, link({ basis: PAPER })), "basis-other-recipient");
  const colleague = { kind: "person", id: "p", name: "Dr X", organisations: ["group"] } as const;
  assert.equal(under({}, group({ basis: PAPER, subject: colleague })), "agreement");
  assert.equal(
    under({}, group({ basis: PAPER, subject: { ...colleague, organisations: [] } })),
    "basis-other-recipient",
  );
});

test("a consent carries its own patient, its purposes, its recipient and its time", () => {
  const under = (over: Partial<ConsentFacts>, more: ConsentFacts[] = []) =>
    because(facts({ consents: [consent(over), ...more] }), link({ purpose: "teaching", basis: YES }));
  assert.equal(under({}), "consent");
  assert.equal(under({ patient: "another" }), "basis-missing");
  assert.equal(under({ decision: "refused" }), "consent-refused");
  assert.equal(under({ purposes: ["research"] }), "basis-other-purpose");
  assert.equal(under({ endedAt: at(-0.1) }), "basis-ended");
  assert.equal(under({ until: NOW }), "basis-ended");
  assert.equal(under({ from: at(1) }), "basis-ended");
  assert.equal(under({ recipient: "dr. b fourie" }), "consent", "spelling of the same name");
  assert.equal(under({ recipient: "Dr C. Fourie" }), "basis-other-recipient");
});

test("a consent's recipient is who is spelled like that: vowel signs and accents count, signs alone name nobody", () => {
  const verdict = (recipient: string, name: string, more: ConsentFacts[] = []) =>
    because(
      facts({ consents: [consent({ recipient }), ...more] }),
      link({ purpose: "teaching", basis: YES, subject: { kind: "link", name, toPatient: false } }),
    );
  for (const [recipient, name] of [
    ["राम", "रोम"],
    ["கமலா", "கோமளி"],
    ["มานี", "มานะ"],
    ["محمد", "مُحَمَّد"],
    ["Müller", "Muller"],
    ["!!!", "???"],
    ["!!!", "!!!"],
    ["…", "Acme"],
  ] as const)
    assert.equal(verdict(recipient, name), "basis-other-recipient", `${recipient} and ${name}`);
  for (const [recipient, name] of [
    ["राम", " राम "],
    ["Mu\u0308ller", "m\u00fcller"],
    ["Acme Insurance", "ACME-Insurance!"],
    ["Dr. 5", "dr 5"],
  ] as const)
    assert.equal(verdict(recipient, name), "consent", `${recipient} and ${name}`);
  const refusal = (recipient: string) => [consent({ id: "no", decision: "refused", from: at(-0.5), recipient })];
  assert.equal(
    verdict("", "Muller", refusal("Müller")),
    "consent-refused",
    "a refusal reaches the plainer spelling too",
  );
  assert.equal(verdict("", "???", refusal("!!!")), "consent-refused", "and whatever holds no letter");
  assert.equal(verdict("", "Acme", refusal("Other")), "consent");
});

test("a later refusal for the same purpose and recipient takes an earlier consent's force", () => {
  const under = (later: Partial<ConsentFacts>) =>
    because(
      facts({ consents: [consent(), consent({ id: "no", decision: "refused", from: at(-0.5), ...later })] }),
      link({ purpose: "teaching", basis: YES }),
    );
  assert.equal(under({}), "consent-refused");
  assert.equal(under({ from: at(-2) }), "consent", "refused before it was given");
  assert.equal(under({ purposes: ["research"] }), "consent");
  assert.equal(under({ recipient: "Somebody else" }), "consent");
});

test("a grant never outlives its basis", () => {
  const until = at(3);
  const verdict = mayShare(
    WHO,
    facts({ consents: [consent({ until })] }),
    link({ purpose: "teaching", basis: YES }),
    NOW,
  );
  assert.deepEqual(verdict.basisUntil, until);
  const papers = facts({ agreements: [agreement({ until })] });
  assert.deepEqual(mayShare(WHO, papers, group({ basis: PAPER }), NOW).basisUntil, until);
});

test("a link has a challenge: a birth date opens pictures only, a code needs an address it can reach", () => {
  assert.equal(because(facts(), link({ challenge: null })), "challenge-missing");
  const birth = (known: boolean, rights: Proposal["rights"]) =>
    because(facts(), link({ challenge: { kind: "birth-date", known }, rights }));
  assert.equal(birth(true, ["view"]), "own-care");
  assert.equal(birth(true, ["view", "download"]), "challenge-too-weak");
  assert.equal(birth(false, ["view"]), "challenge-no-birth-date");
  const code = (address: string) => because(facts(), link({ challenge: { kind: "code", address } }));
  assert.equal(code("fourie@example.org"), "own-care");
  for (const address of ["+27 82 000 0000", "fourie", "a@b", "a b@example.org"])
    assert.equal(code(address), "challenge-no-address", address);
});

test("the holder of a link looks and downloads at most, for as long as the organisation allows", () => {
  assert.equal(because(facts(), link({ rights: [] })), "no-rights");
  assert.equal(because(facts(), link({ rights: ["download"] })), "no-rights");
  assert.equal(because(facts(), link({ rights: ["view", "report"] })), "no-rights");
  assert.equal(because(facts(), link({ rights: ["view", "re-share"] })), "no-rights");
  assert.equal(because(facts(), link({ days: 31 })), "too-long");
  assert.equal(because(facts(), link({ days: 30 })), "own-care");
});

test("a legal order is named in words by who answers for the organisation; an emergency is no basis that somebody types", () => {
  const ordered = link({ basis: { kind: "legal-order", id: null, note: "Court order 12/2026" } });
  const by = (...roles: Role[]) => mayShare({ organisation: "clinic", roles }, facts(), ordered, NOW).because;
  assert.deepEqual(
    ROLES.map((role) => [role, by(role)]),
    [
      ["administrator", "role"], // shares nothing
      ["radiographer", "order-not-yours"],
      ["radiologist", "order-not-yours"],
      ["referrer", "role"],
      ["privacy-officer", "legal-order"],
      ["auditor", "role"],
    ],
  );
  assert.equal(by("radiographer", "administrator"), "legal-order");
  const order = (note: string) =>
    mayShare(
      { organisation: "clinic", roles: ["privacy-officer"] },
      facts(),
      link({ basis: { kind: "legal-order", id: null, note } }),
      NOW,
    ).because;
  assert.equal(order("Court order 12/2026"), "legal-order");
  assert.equal(order("   court        "), "basis-missing");
  assert.equal(because(facts(), link({ basis: { kind: "emergency", id: null, note: "" } })), "basis-does-not-carry");
});

test("the dialog offers exactly the bases that would carry", () => {
  const given = facts({
    agreements: [agreement(), agreement({ id: "other", partner: "another" })],
    consents: [consent({ purposes: ["second-opinion"] }), consent({ id: "teaching" })],
  });
  const offered = (proposal: Proposal) =>
    carryingBases(WHO, given, proposal, NOW).map((basis) => basis.id ?? basis.kind);
  assert.deepEqual(offered(group({ basis: null })), ["paper", "yes", "own-care"]);
  assert.deepEqual(offered(link({ basis: null, purpose: "teaching" })), ["teaching"]);
  assert.deepEqual(offered(link({ basis: null, purpose: "insurer" })), []);
});

test("a birth date that can be asked for is a day of the calendar within a lifetime", () => {
  for (const good of ["19870419", "20261123", "18970101"]) assert.equal(isBirthDate(good, NOW), true, good);
  for (const bad of ["", "1987", "19870431", "19871301", "20270101", "17870419", "1987-04-19", "19870419 ", "00000000"])
    assert.equal(isBirthDate(bad, NOW), false, bad);
});

test("what was decided about a grant is said before what ran out by itself", () => {
  const open = {
    until: at(1),
    revokedAt: null,
    basisUntil: null,
    basisEndedAt: null,
    left: false,
    linkClosedAt: null,
    usesLeft: null,
  };
  const cases = [
    [{}, "open"],
    [{ usesLeft: 1 }, "open"],
    [{ usesLeft: 0 }, "used-up"],
    [{ usesLeft: 0, linkClosedAt: at(-1) }, "closed"],
    [{ linkClosedAt: at(-1) }, "closed"],
    [{ until: NOW }, "expired"],
    [{ until: NOW, left: true }, "expired"],
    [{ left: true }, "left"],
    [{ basisUntil: NOW }, "basis-ended"],
    [{ basisEndedAt: at(-1), linkClosedAt: at(-1) }, "basis-ended"],
    [{ revokedAt: at(-1), linkClosedAt: at(-1), until: NOW }, "revoked"],
  ] as const;
  for (const [over, state] of cases) assert.equal(stateOf({ ...open, ...over }, NOW), state);
});
