import assert from "node:assert/strict";
import { test } from "node:test";
import { isUsualPreamble } from "./preamble.ts";

const beginning = (text: string): Uint8Array => {
  const preamble = new Uint8Array(128);
  preamble.set(Buffer.from(text, "latin1"));
  return preamble;
};

for (const [what, preamble, usual] of [
  ["zeros", beginning(""), true],
  ["no preamble", new Uint8Array(0), true],
  ["TIFF, little endian", beginning("II*\0"), true],
  ["TIFF, big endian", beginning("MM\0*"), true],
  ["BigTIFF, little endian", beginning("II+\0"), true],
  ["BigTIFF, big endian", beginning("MM\0+"), true],
  ["half a TIFF mark", beginning("II*!"), false],
  ["a Windows executable (CVE-2019-11687)", beginning("MZ\x90\0"), false],
  ["an ELF executable", beginning("\x7fELF"), false],
  ["a script", beginning("#!/bin/sh\n"), false],
  ["a page", beginning("<html><script>"), false],
  ["an archive", beginning("PK\x03\x04"), false],
  ["one byte at the end", beginning(`${"\0".repeat(127)}x`), false],
] as const)
  test(`PS3.10 §7.1: a preamble of ${what} is ${usual ? "usual" : "not usual"}`, () =>
    assert.equal(isUsualPreamble(preamble), usual));
