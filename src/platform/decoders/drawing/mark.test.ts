import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { chanceBytes } from "#platform/decoders/drawing/chance.ts";
import { markDrawing } from "#platform/decoders/drawing/mark.ts";
import { drawPicture } from "#platform/decoders/drawing/picture.ts";
import type { Look, Mark } from "#platform/decoders/wire.ts";
import type { Picture } from "#standards/pixels/picture.ts";

const PLAIN: Picture = { width: 600, height: 400, channels: 1, data: new Uint8Array(240_000).fill(90) };
const SMALL: Picture = { width: 4, height: 2, channels: 1, data: Uint8Array.of(10, 20, 30, 40, 50, 60, 70, 80) };

const marked = (lines: readonly string[], place = 1, grain = 2): Mark => ({
  ...{ lines, place: new Uint8Array(32).fill(place), grain: new Uint8Array(32).fill(grain) },
});

/** As a PNG has it: nothing is lost beside what the mark takes. */
async function pixels(picture: Picture, look: Pick<Look, "mark" | "viewport">) {
  const drawn = await drawPicture(picture, { kind: "png", ...look });
  const { data, info } = await sharp(drawn.bytes).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, values: [...data] };
}

const NAMED = ["Dr. Олена Žižková", "2031-05-06 07:08 UTC · K7Q2"];

test("the mark stands in a band at the bottom and in every part of the picture, and hides little of it", async () => {
  for (let place = 1; place <= 8; place++) {
    const { values } = await pixels(PLAIN, { mark: marked(NAMED, place) });
    const share = (left: number, top: number, width: number, height: number, is: (value: number) => boolean) => {
      let count = 0;
      for (let row = top; row < top + height; row++)
        for (let column = left; column < left + width; column++) if (is(values[row * 600 + column] ?? 0)) count++;
      return count / (width * height);
    };
    const changed = (value: number) => Math.abs(value - 90) > 5;
    const band = share(0, 370, 600, 30, (value) => value !== 90); // noise alone changes two of three
    assert.ok(band > 0.99, `${place}: ${band}`);
    for (let row = 0; row < 2; row++) {
      for (let column = 0; column < 3; column++)
        assert.ok(share(column * 200, row * 170, 200, 170, changed) > 0.01, `${place}: ${column},${row}`);
    }
    const covered = share(0, 0, 600, 340, (value) => value > 91 + 0.3 * 165); // more than the letters that shine through
    assert.ok(covered > 0.005 && covered < 0.06, `${place}: ${covered}`);
  }
});

/** A picture with something of its own in every pixel, from 60 to 199. */
const scene = (width: number, height: number): Picture => ({
  ...{ width, height, channels: 1 },
  data: chanceBytes(new Uint8Array(32).fill(9), "scene", width * height).map((value) => 60 + (value % 140)),
});

/** The drawing over an even grey: what whoever knew the mark could make for themselves. */
async function over(mark: Mark, { width, height }: Picture, value: number): Promise<Uint8Array> {
  return sharp(Buffer.alloc(width * height * 3, value), { raw: { width, height, channels: 3 } })
    .composite([{ input: markDrawing(mark, width, height) }])
    .removeAlpha()
    .greyscale()
    .raw()
    .toBuffer();
}

/** Draws the mark over black and over white and takes it away again: what is left, and where the mark let something through. */
async function inverted(values: readonly number[], mark: Mark, picture: Picture) {
  const [black, white] = [await over(mark, picture, 0), await over(mark, picture, 255)];
  const through = values.map((_, at) => ((white[at] ?? 0) - (black[at] ?? 0)) / 255);
  const left = values.map((value, at) =>
    Math.min(255, Math.max(0, (value - (black[at] ?? 0)) / Math.max(0.2, through[at] ?? 0))),
  );
  return { through, left };
}

const meanError = (picture: Picture, values: readonly number[], at: readonly number[]): number =>
  at.reduce((sum, one) => sum + Math.abs((values[one] ?? 0) - (picture.data[one] ?? 0)), 0) / at.length;

test("whoever draws the mark again and takes it away, knowing even where it stands, finds nothing beneath its covering letters", async () => {
  const picture = scene(512, 512);
  const mark = marked(["Ayanda Nkosi · 2026-11-24 · f13369e2"]);
  const { values } = await pixels(picture, { mark });
  const { through, left } = await inverted(values, mark, picture);
  const covered = [...through.keys()].filter((at) => (through[at] ?? 1) < 0.02);
  assert.ok(covered.length > 1500, `${covered.length} covered`);
  assert.ok(meanError(picture, left, covered) > 60, `${meanError(picture, left, covered)}`);
  assert.ok(Math.abs(likeness(picture, values, covered)) < 0.1, `${likeness(picture, values, covered)}`);
});

test("whoever knows the words of the mark but not its place makes the picture worse, not better", async () => {
  const picture = scene(512, 512);
  const mark = marked(["Ayanda Nkosi · 2026-11-24 · f13369e2"]);
  const { values } = await pixels(picture, { mark });
  const { through } = await inverted(values, mark, picture);
  const beneath = [...through.keys()].filter((at) => at < 512 * 480 && (through[at] ?? 1) < 0.97);
  const asDelivered = meanError(picture, values, beneath);
  for (let place = 2; place < 8; place++) {
    const { left } = await inverted(values, { ...mark, place: new Uint8Array(32).fill(place) }, picture);
    assert.ok(meanError(picture, left, beneath) > 0.95 * asDelivered, `${place}`);
  }
});

test("what the mark covers stays covered under other noise and in a smaller copy: many pictures of a frame show no more", async () => {
  const picture = scene(512, 512);
  const lines = ["Ayanda Nkosi · 2026-11-24 · f13369e2"];
  const copies = await Promise.all([2, 3, 4, 5, 6].map((grain) => pixels(picture, { mark: marked(lines, 1, grain) })));
  const { through } = await inverted(copies[0]?.values ?? [], marked(lines), picture);
  const covered = [...through.keys()].filter((at) => (through[at] ?? 1) < 0.02);
  const average =
    copies[0]?.values.map((_, at) => copies.reduce((sum, { values }) => sum + (values[at] ?? 0), 0)) ?? [];
  assert.ok(Math.abs(likeness(picture, average, covered)) < 0.1);
  assert.notDeepEqual(copies[0]?.values, copies[1]?.values);

  const small = await pixels(picture, { mark: marked(lines), viewport: { width: 256, height: 256, enlarge: false } });
  const inner = covered.filter(
    (at) =>
      [1, 512, 513].every((next) => (through[at + next] ?? 1) < 0.02) && at % 2 === 0 && Math.floor(at / 512) % 2 === 0,
  );
  const enlarged = picture.data.reduce<number[]>((all, _, at) => {
    all.push(small.values[Math.floor(at / 1024) * 256 + Math.floor((at % 512) / 2)] ?? 0);
    return all;
  }, []);
  assert.ok(inner.length > 50, `${inner.length}`);
  assert.ok(Math.abs(likeness(picture, enlarged, inner)) < 0.25);
});

/** Pearson's r between a picture and what somebody holds of it, there. */
function likeness(picture: Picture, values: readonly number[], at: readonly number[]): number {
  const [held, stored] = [at.map((one) => values[one] ?? 0), at.map((one) => picture.data[one] ?? 0)];
  const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
  const [a, b] = [mean(held), mean(stored)];
  let [both, left, right] = [0, 0, 0];
  held.forEach((value, index) => {
    const [x, y] = [value - a, (stored[index] ?? 0) - b];
    [both, left, right] = [both + x * y, left + x * x, right + y * y];
  });
  return both / Math.sqrt(left * right);
}

test("the noise of a marked picture is at most one and a half levels, and nearly everywhere", async () => {
  const { values } = await pixels(PLAIN, { mark: marked([]) });
  const apart = values.slice(0, 600 * 340).map((value) => Math.abs(value - 90));
  assert.ok(apart.every((value) => value <= 1.5));
  assert.ok(apart.filter((value) => value > 0).length > 0.6 * apart.length);
});

test("a mark is drawn on colour, on tiny pictures and on none of its lines", async () => {
  for (const lines of [["a"], [], ["x".repeat(5000), "b", "c", "d", "e"]]) {
    const { width, height } = await pixels(SMALL, { mark: marked(lines) });
    assert.deepEqual([width, height], [4, 2]);
    const { bytes } = await drawPicture(
      { width: 30, height: 30, channels: 3, data: new Uint8Array(2700) },
      { kind: "webp", mark: marked(lines) },
    );
    assert.ok(bytes.length > 0);
  }
});

test("what is written in a mark is never markup: only outlines reach the drawing", () => {
  const drawing = markDrawing(marked([`</svg><image href="file:///etc/passwd"/>&amp;`]), 300, 200).toString();
  assert.match(drawing, /^<svg [^>]*>(<\/?(defs|g|path|use|rect)( [a-z-]+="[^"<>]*")*\/?>)*<\/svg>$/);
  assert.ok(!drawing.includes("image") && !drawing.includes("passwd"));
});
