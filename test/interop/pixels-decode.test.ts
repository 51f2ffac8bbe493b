import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Fault } from "#kit/fault.ts";
import { openDecoders } from "#platform/decoders/decoders.ts";
import { nativeFrameRange, type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";
import { pixelAttributesFromJson } from "#standards/pixels/json.ts";
import { bigEndianUnit, cutNativeFrame, readSamples, type Samples } from "#standards/pixels/native.ts";
import { type Picture, toPicture } from "#standards/pixels/picture.ts";
import { askOracle, type OracleFrame, type OracleImage, samplesOf } from "./pixels-oracle.ts";

/**
 * Every sample image with pixels, against what pydicom, DCMTK, GDCM, OpenJPH and libjxl make of it. Lossless: equal. Lossy: within
 * one level of 255. Pictures are compared with DCMTK's, colours of JPEG baseline with Pillow's too.
 */
const LOSSY = /^1\.2\.840\.10008\.1\.2\.4\.(50|51|53|55|91|203|111|112)$/;
const BIG_ENDIAN = "1.2.840.10008.1.2.2";

/** What the oracle cannot do or does wrong: compared with the same picture in another file instead. */
const SAME_AS: Record<string, string> = {
  "ts-htj2k/CT1_JPH": "wg04/CT1_RLE", // ojph_expand writes negative samples as 0
  "pydicom-small/SC_rgb_small_odd_big_endian.dcm": "pydicom-small/SC_rgb_small_odd.dcm", // pydicom forgets that OW words are swapped
};

/** Streams without a word about colour in files that say RGB: Pillow turns them pink, DCMTK and we believe the attribute. */
const NOT_AS_PILLOW = new Set(["pydicom-small/SC_jpeg_no_color_transform.dcm", "pydicom-small/SC_rgb_jpeg.dcm"]);

/** Frames that contradict their attributes, refused here: path and frame (from 0). */
const REFUSED = new Map([["sm/multiframe.dcm", 139]]); // the last tiles are 55 pixels wide where Columns says 240

/** Where our picture is not DCMTK's: its own decoder puts the halves of 32-bit big-endian words the wrong way round. */
const NOT_AS_DCMTK = new Set(["rt/rtdose_expb.dcm", "rt/rtdose_expb_1frame.dcm"]);

const oracle = await askOracle();
const { images } = oracle;
const decoders = openDecoders({ size: 2, memoryLimit: 1024 ** 3, timeLimit: 60_000 });
after(async () => {
  await decoders.close();
  await oracle.close();
});

test("the sample images with pixels are all there", () => {
  assert.ok(images.length >= 417, `only ${images.length}`);
  const without = images.filter((image) => image.error !== undefined).map((image) => image.path);
  assert.deepEqual(without, []);
  assert.ok(images.filter((image) => image.drawn).length >= 296);
});

for (const image of images) {
  test(`${image.path} (${image.syntax}) has the pixels that other programs see`, async () => {
    const stored = image.pixels === undefined ? undefined : await oracle.read(image.pixels);
    for (const frame of framesOf(image)) await compare(image, frame, stored);
  });
}

/** An image's frames, with the expectations of its twin where it has one. */
function framesOf(image: OracleImage): OracleFrame[] {
  const twin = images.find((other) => other.path === SAME_AS[image.path]);
  return image.frames.map((own, at) => ({
    ...(twin?.frames[at] ?? own),
    ...(own.frame === undefined ? {} : { frame: own.frame }),
  }));
}

async function compare(image: OracleImage, frame: OracleFrame, stored: Uint8Array | undefined): Promise<void> {
  const attributes = pixelAttributesFromJson(image.attributes, frame.index + 1);
  const format = readPixelFormat(attributes);
  const transferSyntax = image.syntax;
  const bytes = stored === undefined ? await oracle.read(frame.frame ?? "") : cut(image, format, stored, frame.index);
  const decoding = decoders.decode({ transferSyntax, format, frame: bytes });
  if (REFUSED.get(image.path) === frame.index) return assert.rejects(decoding, { code: "dicom.malformed" });
  const decoded = await decoding;
  const samples = readSamples(decoded.format, decoded.pixels);
  const expected = samplesOf(frame, await oracle.read(frame.expected));
  assertSame(
    samples,
    expected,
    LOSSY.test(image.syntax) ? Math.max(1, Math.floor((2 ** format.bitsStored - 1) / 255)) : 0,
  );
  if (frame.rgb !== undefined && format.samplesPerPixel === 3 && !NOT_AS_PILLOW.has(image.path)) {
    assertSame(toPicture(decoded.format, attributes, samples).data, await oracle.read(frame.rgb), 2);
  }
  if (frame.index > 0) return;
  await refused(
    decoders.decode({ transferSyntax, format, frame: bytes.subarray(0, bytes.length >> 1) }),
    "half a frame",
  );
  await refused(
    decoders.decode({ transferSyntax, format: { ...format, rows: format.rows + 9 }, frame: bytes }),
    "nine rows too many",
  );
  await compareDrawing(image, toPictureAsDrawn(image, decoded.format, samples));
}

async function refused(decoding: Promise<unknown>, what: string): Promise<void> {
  const expected = ({ code }: Fault) => code === "dicom.malformed" || code === "decoder.failed";
  await assert.rejects(decoding, (fault) => fault instanceof Fault && expected(fault), what);
}

function cut(image: OracleImage, format: PixelFormat, stored: Uint8Array, index: number): Uint8Array {
  const unit = image.syntax === BIG_ENDIAN ? bigEndianUnit(format, image.vr === "OB" ? "OB" : "OW") : 1;
  const range = nativeFrameRange(format, index, unit);
  return cutNativeFrame(format, stored.subarray(range.offset, range.offset + range.length), range, unit);
}

/** With the window that DCMTK was given, if it was given one. */
function toPictureAsDrawn({ attributes, drawn }: OracleImage, format: PixelFormat, samples: Samples): Picture {
  const [center, width] = drawn?.window ?? [];
  const window = center === undefined || width === undefined ? undefined : { center, width };
  const voiFunction = drawn?.sigmoid === true ? "SIGMOID" : "LINEAR";
  return toPicture(
    format,
    pixelAttributesFromJson(attributes),
    samples,
    window === undefined ? {} : { window, voiFunction },
  );
}

/** DCMTK centres chroma on 127.5 where JPEG and DICOM say 128: two levels there, one elsewhere. */
async function compareDrawing(image: OracleImage, picture: Picture): Promise<void> {
  if (image.drawn === undefined || image.drawn === null || NOT_AS_DCMTK.has(image.path)) return;
  assert.equal(image.drawn.channels, picture.channels);
  assertSame(picture.data, await oracle.read(image.drawn.file), image.photometric?.startsWith("YBR") === true ? 2 : 1);
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
