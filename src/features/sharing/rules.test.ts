import assert from "node:assert/strict";
import { test } from "node:test";
import { PURPOSES, type Purpose, RIGHTS, type Right, ROLES, type Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import {
  type GrantFacts,
  grantStands,
  mayDownload,
  mayReadReport,
  mayUse,
  reachOf,
  type StudyFacts,
} from "#features/sharing/rules.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const at = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000);
const [CLINIC, GROUP, PERSON, LINK] = ["clinic", "group", "person", "link"];

const person = (roles: readonly Role[], organisation = CLINIC, purpose: Purpose = "care"): Actor => ({
  kind: "person",
  id: PERSON,
  organisation,
  roles,
  purpose,
  session: "s",
});

const grant = (over: Partial<GrantFacts> = {}): GrantFacts => ({
  id: "g",
  subject: GROUP,
  workplace: null,
  rights: ["view"],
  purpose: "second-opinion",
  basisKind: "agreement",
  basisUntil: null,
  basisEndedAt: null,
  from: at(-1),
  until: at(1),
  revokedAt: null,
  withReport: true,
  ...over,
});

const study = (...grants: GrantFacts[]): StudyFacts => ({ study: "s", owner: CLINIC, grants });

/** What each role may do by itself with its own organisation's studies, in care: the whole table. */
const OWN: Record<Role, readonly Right[]> = {
  administrator: [],
  radiographer: ["view", "download", "re-share"],
  radiologist: ["view", "download", "report", "re-share"],
  referrer: [],
  "privacy-officer": [],
  auditor: [],
};
/** What each role may do with what another organisation granted with every right. */
const GRANTED: Record<Role, readonly Right[]> = {
  administrator: [],
  radiographer: ["view", "download"],
  radiologist: ["view", "download", "report", "re-share"],
  referrer: ["view", "download"],
  "privacy-officer": [],
  auditor: [],
};

for (const role of ROLES) {
  for (const right of RIGHTS) {
    test(`a ${role} may ${OWN[role].includes(right) ? "" : "not "}${right} in the own organisation, and only in care`, () => {
      for (const purpose of PURPOSES) {
        const verdict = mayUse(right, person([role], CLINIC, purpose), study(), NOW);
        assert.equal(verdict.allowed, purpose === "care" && OWN[role].includes(right), purpose);
        if (verdict.allowed) assert.equal(verdict.because, "own-care");
      }
    });

    test(`a ${role} may ${GRANTED[role].includes(right) ? "" : "not "}${right} what was granted to their organisation`, () => {
      const granted = study(grant({ rights: RIGHTS }));
      const verdict = mayUse(right, person([role], GROUP), granted, NOW);
      assert.equal(verdict.allowed, GRANTED[role].includes(right));
      assert.equal(verdict.allowed ? verdict.grant : null, GRANTED[role].includes(right) ? "g" : null);
    });
  }
}

test("a member without any role sees nothing, neither the own studies nor granted ones", () => {
  assert.deepEqual(mayUse("view", person([]), study(), NOW), { allowed: false, because: "role" });
  assert.deepEqual(mayUse("view", person([], GROUP), study(grant()), NOW), { allowed: false, because: "role" });
});

test("a person who is named in a grant needs no clinical role, at home or elsewhere", () => {
  for (const organisation of [CLINIC, GROUP])
    assert.deepEqual(
      mayUse(
        "view",
        person(["auditor"], organisation),
        study(grant({ subject: PERSON, workplace: organisation })),
        NOW,
      ),
      { allowed: true, because: "grant", grant: "g" },
    );
});

test("what a person was given for one workplace is theirs there alone: not where they work now or work too", () => {
  const rights = [...RIGHTS];
  for (const organisation of [CLINIC, GROUP, "elsewhere"])
    for (const workplace of [CLINIC, GROUP, "elsewhere", PERSON, null])
      for (const role of ROLES)
        for (const right of RIGHTS) {
          const named = study(grant({ subject: PERSON, workplace, rights }));
          const verdict = mayUse(right, person([role], organisation), named, NOW);
          const own = organisation === CLINIC && OWN[role].includes(right);
          assert.equal(
            verdict.allowed,
            own || workplace === organisation,
            `${role} of ${organisation}: ${right} for ${workplace}`,
          );
        }
});

test("a session's purpose fits the same purpose; care also fits second opinion, the patient's wish and an emergency", () => {
  for (const session of PURPOSES) {
    for (const granted of PURPOSES) {
      const fits =
        session === granted ||
        (session === "care" && ["second-opinion", "patient-request", "emergency"].includes(granted));
      const verdict = mayUse("view", person(["radiologist"], GROUP, session), study(grant({ purpose: granted })), NOW);
      assert.equal(verdict.allowed, fits, `${session} under a grant for ${granted}`);
    }
  }
});

test("a grant carries from its first moment to before its last, while its basis stands and nobody took it back", () => {
  const cases: [Partial<GrantFacts>, boolean, string][] = [
    [{}, true, "grant"],
    [{ from: NOW }, true, "grant"],
    [{ from: at(0.001) }, false, "grant-ended"],
    [{ until: NOW }, false, "grant-ended"],
    [{ until: at(0.001) }, true, "grant"],
    [{ revokedAt: at(-0.5) }, false, "grant-ended"],
    [{ basisUntil: NOW }, false, "basis-ended"],
    [{ basisUntil: at(0.001) }, true, "grant"],
    [{ basisEndedAt: at(-0.5) }, false, "basis-ended"],
    [{ rights: ["download"] }, false, "right-missing"],
    [{ rights: [] }, false, "right-missing"],
    [{ subject: "another" }, false, "no-grant"],
  ];
  for (const [over, allowed, because] of cases) {
    const verdict = mayUse("view", person(["radiologist"], GROUP), study(grant(over)), NOW);
    assert.equal(verdict.allowed, allowed, JSON.stringify(over));
    assert.equal(verdict.because, because, JSON.stringify(over));
  }
  assert.equal(grantStands(grant(), NOW), true);
});

test("one grant that ended does not hide another that stands", () => {
  const facts = study(grant({ id: "old", revokedAt: at(-0.5) }), grant({ id: "new" }));
  const verdict = mayUse("view", person(["radiologist"], GROUP), facts, NOW);
  assert.equal(verdict.allowed && verdict.grant, "new");
});

test("a link opens by its own grant only, with the rights it carries, in no organisation's name", () => {
  const link = (rights: readonly Right[], id = LINK): Actor => ({
    kind: "link",
    id,
    organisation: CLINIC,
    rights,
    purpose: "patient-request",
    session: "s",
  });
  const facts = study(grant({ subject: LINK, purpose: "patient-request" }), grant({ id: "partner" }));
  assert.equal(mayUse("view", link(["view"]), facts, NOW).allowed, true);
  assert.equal(mayDownload(link(["view"]), facts, NOW).allowed, false);
  assert.equal(mayUse("download", link(["view", "download"]), facts, NOW).because, "right-missing");
  assert.equal(mayUse("view", link(["view"], "another"), facts, NOW).because, "no-grant");
  assert.equal(mayUse("view", link(["view"]), study(), NOW).because, "no-grant");
  assert.equal(mayUse("view", { ...link(["view"]), organisation: GROUP }, facts, NOW).because, "no-grant");
});

test("a machine's token looks and takes within its scope and purpose, and never reports", () => {
  const token = (
    scopes: ("dicomweb.read" | "fhir.read")[],
    organisation = CLINIC,
    purpose: Purpose = "care",
  ): Actor => ({
    kind: "token",
    id: "t",
    organisation,
    scopes,
    purpose,
    session: "s",
  });
  for (const right of ["view", "download"] as const)
    assert.equal(mayUse(right, token(["dicomweb.read"]), study(), NOW).allowed, true);
  for (const right of ["report", "re-share"] as const)
    assert.equal(mayUse(right, token(["dicomweb.read"]), study(), NOW).allowed, false);
  assert.equal(mayUse("view", token(["fhir.read"]), study(), NOW).because, "scope-missing");
  assert.equal(mayUse("view", token(["dicomweb.read"], CLINIC, "research"), study(), NOW).because, "purpose");
  assert.equal(mayUse("view", token(["dicomweb.read"], GROUP), study(), NOW).because, "no-grant");
  assert.equal(mayUse("view", token(["dicomweb.read"], GROUP), study(grant()), NOW).allowed, true);
  assert.equal(mayUse("view", token(["fhir.read"], GROUP), study(grant()), NOW).because, "scope-missing");
});

test("a device queries where it was given the service, and the program itself looks at its own organisation only", () => {
  const device = (services: string[], organisation = CLINIC): Actor => ({
    kind: "device",
    id: "d",
    organisation,
    services,
    purpose: "care",
    session: "s",
  });
  assert.equal(mayUse("view", device(["store"]), study(), NOW).because, "scope-missing");
  assert.equal(mayUse("view", device(["store", "query"]), study(), NOW).allowed, true);
  assert.equal(mayUse("report", device(["query"]), study(), NOW).allowed, false);
  assert.equal(mayUse("view", device(["query"], GROUP), study(grant()), NOW).allowed, true);
  const system = (organisation: string): Actor => ({
    kind: "system",
    id: null,
    organisation,
    purpose: "operations",
    session: "s",
  });
  assert.equal(mayUse("view", system(CLINIC), study(), NOW).because, "own-duty");
  assert.equal(mayUse("download", system(CLINIC), study(), NOW).allowed, false);
  assert.equal(mayUse("view", system(GROUP), study(grant()), NOW).because, "purpose");
});

test("a report is read by whoever may view and was given it with the images", () => {
  assert.equal(mayReadReport(person(["radiologist"]), study(), NOW).allowed, true);
  assert.equal(mayReadReport(person(["radiologist"], GROUP), study(grant()), NOW).allowed, true);
  assert.equal(
    mayReadReport(person(["radiologist"], GROUP), study(grant({ withReport: false })), NOW).because,
    "right-missing",
  );
  assert.equal(mayReadReport(person(["radiologist"], GROUP), study(), NOW).allowed, false);
});

test("no search reaches a study by subjects that the verdict would not take", () => {
  assert.deepEqual(reachOf(person(["radiologist"]), CLINIC), { all: true });
  const away = reachOf(person(["auditor"], GROUP), CLINIC);
  assert.deepEqual(away.all === false && away.subjects, [PERSON]);
  assert.deepEqual(away.all === false && away.named, { person: PERSON, workplace: GROUP });
  const home = reachOf(person(["auditor"]), CLINIC);
  assert.deepEqual(home.all === false && home.subjects, [PERSON]);
});

test("for a day after a reset of the second factor a person looks and reports, and takes no file, by role or by grant", () => {
  const [own, other] = [person(["radiologist"]), person(["radiologist"], GROUP)];
  const granted = study(grant({ rights: RIGHTS }));
  for (const [who, facts] of [
    [own, study()],
    [other, granted],
  ] as const) {
    assert.equal(mayDownload(who, facts, NOW).allowed, true);
    const resting: Actor = { ...who, resting: true } as Actor;
    assert.deepEqual(mayDownload(resting, facts, NOW), { allowed: false, because: "resting" });
    for (const right of ["view", "report", "re-share"] as const)
      assert.equal(mayUse(right, resting, facts, NOW).allowed, true, right);
  }
  const stranger: Actor = { ...person(["radiologist"], "elsewhere"), resting: true } as Actor;
  assert.deepEqual(mayDownload(stranger, study(), NOW), { allowed: false, because: "no-grant" });
});
