import assert from "node:assert/strict";
import { test } from "node:test";
import { countriesIn, meansCountry } from "./countries.ts";

const meant = (typed: string) =>
  countriesIn("en")
    .filter((country) => meansCountry(country, typed))
    .map(({ value }) => value);

test("a country is found by its name or its code, never by the first letters of its name as a code", () => {
  assert.deepEqual(meant("South Africa"), ["ZA"]);
  assert.deepEqual(meant(" south af"), ["ZA"]);
  assert.ok(meant("so").includes("SO") && meant("so").includes("ZA"));
  assert.ok(meant("za").includes("ZA"));
  assert.deepEqual(meant("cote d"), ["CI"]);
  assert.deepEqual(meant("Nowhere"), []);
});

test("every code of ISO 3166-1 has a name, once, in the order of the alphabet", () => {
  const all = countriesIn("en");
  assert.equal(all.length, 249);
  assert.equal(new Set(all.map(({ value }) => value)).size, 249);
  for (const { value, label } of all) assert.notEqual(label, value);
  assert.ok(all.findIndex(({ value }) => value === "AX") < all.findIndex(({ value }) => value === "BE"), "Åland by A");
});
