import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { charsetOf, decodeText, encodeUtf8, splitValues } from "#standards/dicom/charset.ts";

const vectors = readFileSync(join(import.meta.dirname, "../../../test/vectors/dicom-charsets.tsv"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split("\t") as [string, string, string]);
const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

for (const [terms, hex, text] of vectors) {
  test(`PS3.3 §C.12.1.1.2: ${terms} reads as ${text.slice(0, 40)}`, () => {
    assert.equal(decodeText(bytesOf(hex), charsetOf(terms.split("\\")), true), text);
  });
}

test("PS3.5 §6.1.2.5.3: sets that were switched to end with the line and, in names, with the component", () => {
  const charset = charsetOf(["", "ISO 2022 IR 144"]);
  const cyrillic = [0x1b, 0x2d, 0x4c, 0xbb];
  assert.equal(decodeText(Uint8Array.of(...cyrillic, 0x0d, 0x0a, 0xbb), charset), "Л\r\n»");
  assert.equal(decodeText(Uint8Array.of(...cyrillic, 0x5e, 0xbb), charset, true), "Л^»");
  assert.equal(decodeText(Uint8Array.of(...cyrillic, 0x5e, 0xbb), charset, false), "Л^Л");
});

test("a two-byte character may hold the bytes of ^, = and backslash", () => {
  const japanese = charsetOf(["", "ISO 2022 IR 87"]);
  const value = Uint8Array.of(0x1b, 0x24, 0x42, 0x24, 0x5e, 0x25, 0x5c, 0x1b, 0x28, 0x42, 0x5c, 0x41);
  const values = splitValues(value, japanese);
  assert.equal(values.length, 2);
  assert.equal(decodeText(values[0] ?? value, japanese, true), "まボ");
  const chinese = charsetOf(["GB18030"]);
  assert.deepEqual(splitValues(Uint8Array.of(0x81, 0x5c, 0x5c, 0x41), chinese), [
    Uint8Array.of(0x81, 0x5c),
    Uint8Array.of(0x41),
  ]);
});

test("a backslash separates values in every other set, whatever it looks like", () => {
  for (const term of ["", "ISO_IR 100", "ISO_IR 13", "ISO_IR 192"]) {
    assert.equal(splitValues(latin("A\\B\\"), charsetOf([term])).length, 3);
  }
});

test("yen and overline of JIS X 0201 are not backslash and tilde", () => {
  assert.equal(decodeText(Uint8Array.of(0x5c, 0x7e, 0xb1), charsetOf(["ISO_IR 13"])), "¥‾ｱ");
});

test("unknown character sets are read as Latin-1 and said to be unknown", () => {
  const charset = charsetOf(["ISO_IR 999"]);
  assert.equal(charset.known, false);
  assert.equal(decodeText(Uint8Array.of(0x4d, 0xfc), charset), "Mü");
});

test("spellings of real files are understood", () => {
  for (const spelling of ["ISO-IR 101", "ISO_IR_101", "ISO IR 101", "iso_ir 101", "ISO 2022 IR 101", "ISO 2022 101"]) {
    assert.equal(charsetOf([spelling]).known, true, spelling);
    assert.equal(decodeText(Uint8Array.of(0xa3), charsetOf([spelling])), "Ł", spelling);
  }
});

test("bytes without a declared set are read as Latin-1, controls included", () => {
  assert.equal(decodeText(Uint8Array.of(0x85, 0xe9), charsetOf([])), "\u0085é");
});

test("no bytes in any set make decoding throw, and ASCII stays ASCII", () => {
  const terms = fc.constantFrom(...vectors.map(([term]) => term.split("\\")));
  fc.assert(
    fc.property(terms, fc.uint8Array({ maxLength: 60 }), fc.boolean(), (term, bytes, name) => {
      const charset = charsetOf(term);
      for (const value of splitValues(bytes, charset)) assert.equal(typeof decodeText(value, charset, name), "string");
    }),
  );
  fc.assert(
    fc.property(terms, fc.string({ unit: fc.constantFrom(...Array.from("abcXYZ 0189^=-_.")) }), (term, text) => {
      assert.equal(decodeText(encodeUtf8(text), charsetOf(term), true), text);
    }),
  );
});

test("what is written in UTF-8 reads back the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      assert.equal(decodeText(encodeUtf8(text), charsetOf(["ISO_IR 192"])), text);
    }),
  );
});
