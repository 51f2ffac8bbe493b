import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { firstPart, transferSyntaxOf } from "./multipart.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const body = (boundary: string, content: Uint8Array, type = "application/octet-stream") =>
  Uint8Array.from([
    ...bytes(`--${boundary}\r\nContent-Type: ${type}\r\n\r\n`),
    ...content,
    ...bytes(`\r\n--${boundary}--\r\n`),
  ]);

test("whatever the bytes are, the part is exactly them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (content) => {
      const part = firstPart(
        'multipart/related; type="application/octet-stream"; boundary="a-b.c"',
        body("a-b.c", content),
      );
      assert.deepEqual([...part.bytes], [...content]);
    }),
  );
});

test("a boundary that is not named is read from the body; line ends inside the content stay", () => {
  const content = bytes("\r\n--almost\r\n\r\n");
  assert.deepEqual([...firstPart("multipart/related", body("xyz", content)).bytes], [...content]);
});

test("a body cut anywhere before its closing boundary is an error, never half an image", () => {
  const whole = body("bnd", bytes("0123456789"));
  const end = whole.length - "--\r\n".length;
  for (let cut = 0; cut < end; cut++) {
    assert.throws(() => firstPart("multipart/related; boundary=bnd", whole.subarray(0, cut)), `cut at ${cut}`);
  }
});

test("a single part comes as it is", () => {
  assert.deepEqual(firstPart("application/octet-stream", bytes("ab")), {
    type: "application/octet-stream",
    bytes: bytes("ab"),
  });
});

test("the transfer syntax is read from the part, quoted or not", () => {
  const part = firstPart(
    "multipart/related; boundary=b",
    body("b", bytes("x"), 'image/jls; transfer-syntax="1.2.840.10008.1.2.4.80"'),
  );
  assert.equal(transferSyntaxOf(part.type), "1.2.840.10008.1.2.4.80");
  assert.equal(transferSyntaxOf("application/octet-stream; transfer-syntax=1.2.3"), "1.2.3");
  assert.equal(transferSyntaxOf("application/octet-stream"), "");
});
