import assert from "node:assert/strict";
import { test } from "node:test";
import { PURPOSES, type Right, ROLES } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import { mayEdit, mayFollow, mayGoOn, mayRead, mayTakeOver, type Signing } from "#features/reports/rules.ts";
import type { GrantFacts, StudyFacts } from "#features/sharing/rules.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const LATER = new Date("2026-12-24T12:00:00Z");
const [CLINIC, READERS, PERSON, LINK] = ["clinic", "readers", "person", "link"];

const person = (organisation: string, roles: Extract<Actor, { kind: "person" }>["roles"]): Actor => ({
  kind: "person",
  id: PERSON,
  organisation,
  roles,
  purpose: "care",
  session: "s",
});

const grant = (rights: readonly Right[], change: Partial<GrantFacts> = {}): GrantFacts => ({
  id: "g",
  subject: READERS,
  workplace: null,
  rights,
  purpose: "second-opinion",
  basisKind: "agreement",
  basisUntil: LATER,
  basisEndedAt: null,
  from: new Date("2026-11-01T00:00:00Z"),
  until: LATER,
  revokedAt: null,
  withReport: true,
  ...change,
});
const study = (...grants: GrantFacts[]): StudyFacts => ({ study: "study", owner: CLINIC, grants });

test("of an organisation's own people only radiologists write reports, and only in care", () => {
  for (const role of ROLES)
    assert.equal(mayEdit(person(CLINIC, [role]), study(), NOW).allowed, role === "radiologist", role);
  for (const purpose of PURPOSES) {
    const who = { ...person(CLINIC, ["radiologist"]), purpose } as Actor;
    assert.equal(mayEdit(who, study(), NOW).allowed, purpose === "care", purpose);
  }
});

test("a reader elsewhere writes with a grant that has the right to report, as long as it stands", () => {
  const reader = person(READERS, ["radiologist"]);
  assert.deepEqual(mayEdit(reader, study(grant(["view", "report"])), NOW), {
    allowed: true,
    because: "grant",
    grant: "g",
  });
  const cases: readonly (readonly [GrantFacts[], string])[] = [
    [[], "no-grant"],
    [[grant(["view"])], "right-missing"],
    [[grant(["view", "report"], { revokedAt: NOW })], "grant-ended"],
    [[grant(["view", "report"], { until: NOW })], "grant-ended"],
    [[grant(["view", "report"], { basisEndedAt: NOW })], "basis-ended"],
    [[grant(["view", "report"], { purpose: "research" })], "purpose"],
  ];
  for (const [grants, because] of cases) {
    const verdict = mayEdit(reader, study(...grants), NOW);
    assert.deepEqual(verdict, { allowed: false, because, grant: null });
  }
  assert.equal(mayEdit(person(READERS, ["radiographer"]), study(grant(["view", "report"])), NOW).allowed, false);
});

test("nobody but a person writes, whatever a link, token or device was given", () => {
  const base = { id: LINK, organisation: CLINIC, purpose: "care", session: "s" } as const;
  const others: Actor[] = [
    { kind: "link", ...base, rights: ["view", "report"] },
    { kind: "token", ...base, scopes: ["dicomweb.read", "dicomweb.write", "admin"] },
    { kind: "device", ...base, services: ["store", "query"] },
    { kind: "system", id: null, organisation: CLINIC, purpose: "operations", session: "s" },
  ];
  const facts = study(grant(["view", "report"], { subject: LINK, purpose: "care" }));
  for (const who of others) assert.equal(mayEdit(who, facts, NOW).allowed, false, who.kind);
});

test("a grant without the report shows images only; the right to report includes reading it", () => {
  const reader = person(READERS, ["radiologist"]);
  assert.equal(mayRead(reader, study(grant(["view"], { withReport: true })), NOW).allowed, true);
  assert.deepEqual(mayRead(reader, study(grant(["view"], { withReport: false })), NOW), {
    allowed: false,
    because: "right-missing",
    grant: null,
  });
  assert.equal(mayRead(reader, study(grant(["view", "report"], { withReport: false })), NOW).allowed, true);
  assert.equal(mayRead(person(CLINIC, ["radiographer"]), study(), NOW).allowed, true);
  assert.equal(mayRead(person(CLINIC, ["administrator"]), study(), NOW).allowed, false);
});

test("after a final report come addenda only, and an addendum only after it", () => {
  const table: readonly (readonly [Signing | null, Signing, string])[] = [
    [null, "preliminary", "yes"],
    [null, "final", "yes"],
    [null, "addendum", "report-not-final"],
    ["preliminary", "preliminary", "yes"],
    ["preliminary", "final", "yes"],
    ["preliminary", "addendum", "report-not-final"],
    ["final", "preliminary", "report-final"],
    ["final", "final", "report-final"],
    ["final", "addendum", "yes"],
    ["addendum", "preliminary", "report-final"],
    ["addendum", "final", "report-final"],
    ["addendum", "addendum", "yes"],
  ];
  for (const [signed, next, expected] of table) {
    const verdict = mayFollow(signed, next);
    assert.equal(verdict.allowed ? "yes" : verdict.because, expected, `${signed} → ${next}`);
  }
});

test("a draft is its author's: others who may write take it over first, and nobody else can", () => {
  const yes = { allowed: true, because: "own-care", grant: null };
  const no = { allowed: false, because: "role", grant: null };
  const who = person(CLINIC, ["radiologist"]);
  const table = [
    [yes, null, "own-care", "no-draft"],
    [yes, { author: PERSON }, "own-care", "draft-own"],
    [yes, { author: "another" }, "draft-of-another", "own-care"],
    [no, null, "role", "role"],
    [no, { author: PERSON }, "role", "role"],
    [no, { author: "another" }, "role", "role"],
  ] as const;
  for (const [edit, draft, goingOn, takingOver] of table) {
    const verdicts = [mayGoOn(edit, who, draft), mayTakeOver(edit, who, draft)];
    assert.deepEqual(
      verdicts.map(({ because }) => because),
      [goingOn, takingOver],
    );
    assert.deepEqual(
      verdicts.map(({ allowed }) => allowed),
      [goingOn === "own-care", takingOver === "own-care"],
    );
  }
});
