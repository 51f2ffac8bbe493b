import assert from "node:assert/strict";
import { test } from "node:test";
import { PURPOSES, ROLES, type Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import { formHash } from "#features/consent/actions.ts";
import {
  consentProblem,
  consentStands,
  groundOf,
  mayPublishForms,
  maySeeConsents,
  mayTakeConsent,
} from "#features/consent/rules.ts";
import { starterForms } from "#features/consent/starter-forms.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const at = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000);
const person = (role: Role): Actor => ({
  ...{ kind: "person", id: "p", organisation: "o", roles: [role], purpose: "care", session: "s" },
});

test("teaching, research and insurers stand on consent, everything else on care", () => {
  const onConsent = PURPOSES.filter((purpose) => groundOf(purpose) === "consent");
  assert.deepEqual(onConsent, ["teaching", "research", "insurer"]);
});

test("who takes consent, who sees it, who publishes the forms: the whole table", () => {
  const allowed = (may: (who: Actor) => boolean) => ROLES.filter((role) => may(person(role)));
  assert.deepEqual(allowed(mayTakeConsent), ["radiographer", "radiologist", "privacy-officer"]);
  assert.deepEqual(allowed(maySeeConsents), [
    "administrator",
    "radiographer",
    "radiologist",
    "privacy-officer",
    "auditor",
  ]);
  assert.deepEqual(allowed(mayPublishForms), ["administrator", "privacy-officer"]);
  const device: Actor = { kind: "device", id: "d", organisation: "o", services: [], purpose: "care", session: "s" };
  for (const may of [mayTakeConsent, maySeeConsents, mayPublishForms]) assert.equal(may(device), false);
});

test("a consent stands from its first moment to before its last, if it was given and not withdrawn", () => {
  const given = { decision: "given" as const, from: at(-1), until: null, endedAt: null };
  const cases: [object, boolean][] = [
    [{}, true],
    [{ from: NOW }, true],
    [{ from: at(1) }, false],
    [{ until: NOW }, false],
    [{ until: at(1) }, true],
    [{ endedAt: at(-0.5) }, false],
    [{ decision: "refused" }, false],
  ];
  for (const [over, stands] of cases)
    assert.equal(consentStands({ ...given, ...over }, NOW), stands, JSON.stringify(over));
});

test("a decision is recorded under the form in use, for purposes it speaks of, with an end still to come", () => {
  const form = { purposes: ["teaching" as const], effectiveAt: at(-1), retiredAt: null };
  const decision = { purposes: ["teaching" as const], until: null };
  assert.equal(consentProblem(form, decision, NOW), null);
  assert.equal(consentProblem({ ...form, retiredAt: at(-0.1) }, decision, NOW), "form-retired");
  assert.equal(consentProblem({ ...form, effectiveAt: at(1) }, decision, NOW), "form-retired");
  assert.equal(consentProblem(form, { ...decision, purposes: ["research"] }, NOW), "purpose-not-in-form");
  assert.equal(consentProblem(form, { ...decision, until: NOW }, NOW), "ends-in-the-past");
});

test("a form's hash covers every word it says: its texts, purposes, language, country, name and version", () => {
  const [starter] = starterForms("Umzimvubu Clinic");
  assert.ok(starter);
  const form = { ...starter, jurisdiction: "ZA", version: 1 };
  const changes = [
    ...[{ title: "t" }, { body: `${form.body} ` }, { version: 2 }, { language: "af" }],
    ...[{ jurisdiction: "DE" }, { form: "other" }, { purposes: ["care" as const] }],
  ];
  const hashes = [form, ...changes.map((change) => ({ ...form, ...change }))].map((one) =>
    formHash(one).toString("hex"),
  );
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(formHash({ ...form }).toString("hex"), hashes[0]);
});
