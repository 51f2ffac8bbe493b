import assert from "node:assert/strict";
import { test } from "node:test";
import { wayOf, windowsOf } from "#features/studies/link/windows.ts";
import { maskedAddress } from "#features/studies/link/words.ts";

test("a study with CT offers the customary windows, every other study three that add nothing", () => {
  assert.deepEqual(
    windowsOf(["CT", "SR"], []).map(({ key }) => key),
    ["default", "brain", "soft", "lung", "bone"],
  );
  for (const modalities of [["MR"], ["DX"], ["US", "SR"], []])
    assert.deepEqual(
      windowsOf(modalities, ["HEAD"]).map(({ key }) => key),
      ["default", "brighter", "darker"],
    );
});

for (const [parts, keys] of [
  [["HEAD"], ["default", "brain", "soft", "bone"]],
  [
    ["HEAD", "BRAIN"],
    ["default", "brain", "soft", "bone"],
  ],
  [["CHEST"], ["default", "soft", "lung", "bone"]],
  [["ELBOW"], ["default", "soft", "bone"]],
  [
    ["HEAD", "CHEST"],
    ["default", "brain", "soft", "lung", "bone"],
  ],
  [
    ["HEAD", ""],
    ["default", "brain", "soft", "lung", "bone"],
  ],
  [["WHOLEBODY"], ["default", "brain", "soft", "lung", "bone"]],
] as const)
  test(`a CT of ${parts.join(" and ") || "an unknown part"} offers no window of what it does not show`, () =>
    assert.deepEqual(
      windowsOf(["CT"], parts).map(({ key }) => key),
      keys,
    ));

test("only keys that the study offers are drawn, and Hounsfield windows only where the values are in Hounsfield units", () => {
  assert.deepEqual(wayOf("brain", ["CT"], true)?.window, { center: 40, width: 80 });
  assert.deepEqual(wayOf("brain", ["CT", "SR"], false), {}, "another image of the study is drawn as it says itself");
  assert.equal(wayOf("brain", ["MR"], false), null);
  assert.equal(wayOf("brighter", ["CT"], true), null);
  for (const key of ["", "40,80", "BRAIN", "default ", "__proto__", "constructor"])
    assert.equal(wayOf(key, ["CT"], true), null, key);
  for (const { key } of windowsOf(["MR"], [])) assert.equal(wayOf(key, ["MR"], false)?.window, undefined);
});

test("a masked address is known by its owner and tells nobody else", () => {
  const cases = [
    ["fourie@practice.example.org", "f•••@p•••.org"],
    ["a@b.co", "a•••@b•••.co"],
    ["x@localhost", "x•••@l•••"],
    ["+27820000000", "+•••"],
    ["@example.org", "@•••"],
    ["𝒜lice@example.org", "𝒜•••@e•••.org"],
  ];
  for (const [address = "", masked] of cases) assert.equal(maskedAddress(address), masked);
});
