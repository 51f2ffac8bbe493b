import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { openDecoders } from "#platform/decoders/decoders.ts";
import { nativeFrameRange, type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";
import { type DicomJson, pixelAttributesFromJson } from "#standards/pixels/json.ts";
import { bigEndianUnit, cutNativeFrame, readSamples, type Samples } from "#standards/pixels/native.ts";
import { toPicture } from "#standards/pixels/picture.ts";

/**
 * Every sample image with pixels, against what pydicom, DCMTK, GDCM, OpenJPH and libjxl make of it. Lossless: equal. Lossy: within
 * one level of 255. Colours of JPEG baseline are also compared with Pillow's.
 */
const IMAGES = join(import.meta.dirname, "../../../shared/data/dicom");
const LOSSY = /^1\.2\.840\.10008\.1\.2\.4\.(50|51|53|55|91|203|111|112)$/;
const BIG_ENDIAN = "1.2.840.10008.1.2.2";

/** What the oracle cannot do or does wrong: compared with the same picture in another file instead. */
const SAME_AS: Record<string, string> = {
  "seg/liver_rle.dcm": "seg/liver_deflate.dcm", // pydicom has no one-bit RLE
  "ts-htj2k/CT1_JPH": "wg04/CT1_RLE", // ojph_expand writes negative samples as 0
  "pydicom-small/SC_rgb_small_odd_big_endian.dcm": "pydicom-small/SC_rgb_small_odd.dcm", // pydicom forgets that OW words are swapped
};

/** Streams without a word about colour in files that say RGB: Pillow turns them pink, DCMTK and we believe the attribute. */
const NOT_AS_PILLOW = new Set(["pydicom-small/SC_jpeg_no_color_transform.dcm", "pydicom-small/SC_rgb_jpeg.dcm"]);

/** Frames that contradict their attributes, refused here: path and frame (from 0). */
const REFUSED = new Map([["sm/multiframe.dcm", 139]]); // the last tiles are 55 pixels wide where Columns says 240

type OracleFrame = {
  index: number;
  expected: string;
  kind: "u" | "i" | "f";
  bytes: 1 | 2 | 4 | 8;
  frame?: string;
  rgb?: string;
};
type OracleImage = {
  path: string;
  syntax: string;
  count: number;
  attributes: DicomJson;
  vr: string;
  pixels?: string;
  frames: OracleFrame[];
  error?: string;
};

const folder = await mkdtemp(join(tmpdir(), "pixels-"));
const decoders = openDecoders({ size: 2, memoryLimit: 1024 ** 3, timeLimit: 20_000 });
after(async () => {
  await decoders.close();
  await rm(folder, { recursive: true, force: true });
});
const oracle = join(import.meta.dirname, "pixels-oracle.py");
await promisify(execFile)("/usr/bin/python3", [oracle, IMAGES, folder]);
const images = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as OracleImage[];

test("the sample images with pixels are all there", () => {
  assert.ok(images.length >= 417, `only ${images.length}`);
  const without = images.filter((image) => image.error !== undefined).map((image) => image.path);
  assert.deepEqual(without, ["seg/liver_rle.dcm"]);
});

for (const image of images) {
  test(`${image.path} (${image.syntax}) decodes to the pixels that other programs see`, async () => {
    const twin = images.find((other) => other.path === SAME_AS[image.path]);
    const stored = image.pixels === undefined ? undefined : await readFile(join(folder, image.pixels));
    const frames = twin === undefined ? image.frames : await twinFrames(image, twin);
    for (const frame of frames) await compare(image, frame, stored);
  });
}

/** The twin's expectation with this image's own frames. */
async function twinFrames(image: OracleImage, twin: OracleImage): Promise<OracleFrame[]> {
  assert.equal(image.count, twin.count);
  return image.frames.map((frame, at) => ({ ...frame, ...twin.frames[at], frame: frame.frame ?? "" }));
}

async function compare(image: OracleImage, frame: OracleFrame, stored: Uint8Array | undefined): Promise<void> {
  const attributes = pixelAttributesFromJson(image.attributes, frame.index + 1);
  const format = readPixelFormat(attributes);
  const bytes =
    stored === undefined ? await readFile(join(folder, frame.frame ?? "")) : cut(image, format, stored, frame.index);
  const decoding = decoders.decode({ transferSyntax: image.syntax, format, frame: bytes });
  if (REFUSED.get(image.path) === frame.index) return assert.rejects(decoding, { code: "dicom.malformed" });
  const decoded = await decoding;
  const samples = readSamples(decoded.format, decoded.pixels);
  const expected = typed(frame, await readFile(join(folder, frame.expected)));
  const tolerance = LOSSY.test(image.syntax) ? Math.max(1, Math.floor((2 ** format.bitsStored - 1) / 255)) : 0;
  assertSame(samples, expected, tolerance);
  const picture = toPicture(decoded.format, attributes, samples);
  assert.equal(picture.data.length, format.rows * format.columns * picture.channels);
  if (frame.rgb !== undefined && !NOT_AS_PILLOW.has(image.path) && picture.channels === 3)
    assertSame(picture.data, await readFile(join(folder, frame.rgb)), 2);
}

function cut(image: OracleImage, format: PixelFormat, stored: Uint8Array, index: number): Uint8Array {
  const unit = image.syntax === BIG_ENDIAN ? bigEndianUnit(format, image.vr === "OB" ? "OB" : "OW") : 1;
  const range = nativeFrameRange(format, index, unit);
  return cutNativeFrame(format, stored.subarray(range.offset, range.offset + range.length), range, unit);
}

function assertSame(actual: Samples, expected: Samples, tolerance: number): void {
  assert.equal(actual.length, expected.length, "number of samples");
  let worst = 0;
  let wrong = 0;
  for (let at = 0; at < expected.length; at++) {
    const difference = Math.abs((actual[at] ?? 0) - (expected[at] ?? 0));
    if (difference > tolerance) wrong++;
    if (difference > worst) worst = difference;
  }
  assert.equal(wrong, 0, `${wrong} of ${expected.length} samples differ by up to ${worst}`);
}

function typed({ kind, bytes }: OracleFrame, buffer: Uint8Array): Samples {
  const whole = buffer.slice().buffer;
  if (kind === "f") return bytes === 4 ? new Float32Array(whole) : new Float64Array(whole);
  if (bytes === 1) return kind === "i" ? new Int8Array(whole) : new Uint8Array(whole);
  if (bytes === 2) return kind === "i" ? new Int16Array(whole) : new Uint16Array(whole);
  return kind === "i" ? new Int32Array(whole) : new Uint32Array(whole);
}
