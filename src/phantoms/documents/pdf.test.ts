import assert from "node:assert/strict";
import { test } from "node:test";
import { pdfPage } from "#phantoms/documents/pdf.ts";

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

test("ISO 32000-1 §7.5.4: every entry of the cross-reference table points to its object", () => {
  const pdf = latin1(pdfPage("Title", [{ text: "Words", size: 10, x: 56, y: 80 }], [100]));
  const start = Number(/startxref\n(\d+)/.exec(pdf)?.[1]);
  assert.equal(pdf.slice(start, start + 4), "xref");
  const offsets = [...pdf.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map((match) => Number(match[1]));
  assert.equal(offsets.length, 7);
  for (const [index, offset] of offsets.entries()) assert.ok(pdf.startsWith(`${index + 1} 0 obj`, offset));
});

test("the stream is as long as it says", () => {
  const pdf = latin1(pdfPage("T", [{ text: "Straße (x) \\ end", size: 10, x: 5, y: 5 }], []));
  const length = Number(/\/Length (\d+)/.exec(pdf)?.[1]);
  const from = pdf.indexOf("stream\n") + 7;
  assert.equal(pdf.slice(from + length, from + length + 10), "\nendstream");
  assert.ok(pdf.includes("(Stra\xdfe \\(x\\) \\\\ end)"));
});

test("letters that WinAnsi lacks lose their marks", () => {
  const pdf = latin1(pdfPage("T", [{ text: "Šimić O’Brien 山", size: 10, x: 5, y: 5 }], []));
  assert.ok(pdf.includes("(\x8aimic O\x92Brien ?)"));
});
