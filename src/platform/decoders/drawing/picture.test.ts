import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { outline } from "#platform/decoders/drawing/letters.ts";
import { drawPicture } from "#platform/decoders/drawing/picture.ts";
import type { Look } from "#platform/decoders/wire.ts";
import type { Picture } from "#standards/pixels/picture.ts";

/** 4 × 2: the upper row 10 20 30 40, the lower one 50 60 70 80. */
const SMALL: Picture = { width: 4, height: 2, channels: 1, data: Uint8Array.of(10, 20, 30, 40, 50, 60, 70, 80) };
const PLAIN: Picture = { width: 600, height: 400, channels: 1, data: new Uint8Array(240_000).fill(90) };

async function pixels(
  picture: Picture,
  look: Partial<Look>,
  aspect?: number,
): Promise<{ width: number; height: number; values: number[] }> {
  const drawn = await drawPicture(picture, { kind: "png", ...look }, aspect);
  const { data, info } = await sharp(drawn.bytes).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [drawn.width, drawn.height]);
  return { width: info.width, height: info.height, values: [...data] };
}

test("a picture without wishes is drawn as it is, grey in one channel", async () => {
  assert.deepEqual(await pixels(SMALL, {}), { width: 4, height: 2, values: [...SMALL.data] });
  const { bytes } = await drawPicture(PLAIN, { kind: "jpeg" });
  const { channels, format } = await sharp(bytes).metadata();
  assert.deepEqual([channels, format], [1, "jpeg"]);
});

for (const [kind, format] of [
  ["jpeg", "jpeg"],
  ["png", "png"],
  ["webp", "webp"],
] as const) {
  test(`${kind} is written on request, in colour too`, async () => {
    const { bytes } = await drawPicture(
      { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 0, 255) },
      { kind },
    );
    assert.equal((await sharp(bytes).metadata()).format, format);
  });
}

test("quality decides how much a JPEG weighs", async () => {
  const noise: Picture = { ...PLAIN, data: PLAIN.data.map((_, at) => (at * 7919) & 255) };
  const [fine, coarse] = [
    await drawPicture(noise, { kind: "jpeg", quality: 95 }),
    await drawPicture(noise, { kind: "jpeg", quality: 20 }),
  ];
  assert.ok(coarse.bytes.length * 2 < fine.bytes.length);
});

test("a viewport keeps the aspect and may cut out a region, PS3.18 §8.3.5.1.3", async () => {
  const { width, height } = await pixels(SMALL, { viewport: { width: 100, height: 100 } });
  assert.deepEqual([width, height], [100, 50]);
  const region = { width: 2, height: 2, source: { left: 2, top: 0, width: 2, height: 2 } };
  assert.deepEqual((await pixels(SMALL, { viewport: region })).values, [30, 40, 70, 80]);
});

test("negative sides of the region flip the picture", async () => {
  const source = { left: 0, top: 0, width: -4, height: 2 };
  assert.deepEqual(
    (await pixels(SMALL, { viewport: { width: 4, height: 2, source } })).values,
    [40, 30, 20, 10, 80, 70, 60, 50],
  );
  const turned = { ...source, width: 4, height: -2 };
  assert.deepEqual(
    (await pixels(SMALL, { viewport: { width: 4, height: 2, source: turned } })).values,
    [50, 60, 70, 80, 10, 20, 30, 40],
  );
});

test("a thumbnail does not enlarge a small picture", async () => {
  const { width, height } = await pixels(SMALL, { viewport: { width: 256, height: 256, enlarge: false } });
  assert.deepEqual([width, height], [4, 2]);
});

test("pixels that are not square become square", async () => {
  const { width, height } = await pixels(SMALL, {}, 2);
  assert.deepEqual([width, height], [4, 4]);
});

for (const [what, viewport] of [
  ["beyond the frame", { width: 4, height: 4, source: { left: 3, top: 0, width: 2, height: 2 } }],
  ["left of the frame", { width: 4, height: 4, source: { left: -1, top: 0, width: 2, height: 2 } }],
  ["of nothing", { width: 4, height: 4, source: { left: 0, top: 0, width: 0, height: 2 } }],
  ["between pixels", { width: 4, height: 4, source: { left: 0.5, top: 0, width: 2, height: 2 } }],
  ["blown up past all measure", { width: 1e6, height: 1e6 }],
  ["of no number", { width: Number.NaN, height: 4 }],
] as const) {
  test(`a region ${what} is input.invalid`, () =>
    assert.rejects(drawPicture(SMALL, { kind: "png", viewport }), { code: "input.invalid", place: "viewport" }));
}

test("Latin, Cyrillic and Greek names have letters of their own; unknown ones an empty box each", () => {
  const shapes = ["Ž", "ф", "Ω", "ế"].map((letter) => outline(letter).path);
  assert.equal(new Set([...shapes, outline("漢").path]).size, 5);
  assert.equal(outline("漢").path, outline("字").path);
});
