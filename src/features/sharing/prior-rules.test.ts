import assert from "node:assert/strict";
import { test } from "node:test";
import { priorsGoing, spelledOtherwise } from "#features/sharing/prior-rules.ts";

const study = { issuer: "", patientId: "12345", name: "Nkosi^Ayanda", birthDate: "19870419", sex: "F" };
const married = { ...study, name: "Dlamini^Ayanda" };
const capitals = { ...study, name: "NKOSI^AYANDA" };
const stranger = { ...study, name: "Other^Peter", birthDate: "19500101", sex: "M" };
const nameless = { ...study, name: "", birthDate: "" };
const otherDate = { ...study, birthDate: "19500101" };

test("priors go along when name or birth date speak for the same person, and stay when one of them does not", () => {
  const priors = [study, married, capitals, stranger, nameless, otherDate];
  assert.deepEqual(priorsGoing(study, priors), [study, married, capitals]);
});

test("priors whose patient is spelled otherwise are named", () => {
  assert.deepEqual(spelledOtherwise(study, [study, married, capitals]), [married, capitals]);
});
