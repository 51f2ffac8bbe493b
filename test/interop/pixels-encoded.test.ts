import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { freshCodec } from "#platform/decoders/codecs/emscripten.ts";
import { openDecoders } from "#platform/decoders/decoders.ts";
import { frameRanges } from "#standards/dicom/frames.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";
import { readSamples, type Samples } from "#standards/pixels/native.ts";

/** Transfer syntaxes and options that no sample file has, made by libjxl, OpenJPH, DCMTK and GDCM and decoded here. */
const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "pixels-"));
const decoders = openDecoders({ size: 2, memoryLimit: 1024 ** 3, timeLimit: 60_000 });
after(async () => {
  await decoders.close();
  await rm(folder, { recursive: true, force: true });
});
const file = (name: string) => join(folder, name);

/** A slope, edges and noise, the same every time: rows × columns × channels. */
function scene(width: number, height: number, channels: number, most: number): Uint16Array {
  let noise = 1;
  return Uint16Array.from({ length: width * height * channels }, (_, at) => {
    noise = (noise * 1_103_515_245 + 12_345) % 2 ** 31;
    const x = Math.floor(at / channels) % width;
    const y = Math.floor(at / channels / width);
    const edge = (x - width / 2) ** 2 + (y - height / 3) ** 2 < (width / 5) ** 2 ? most / 3 : 0;
    return Math.min(most, Math.floor((x / width) * (most / 2) + edge + (noise % 8) + (at % channels) * (most / 16)));
  });
}

/** Portable any-map: big-endian where a sample needs two bytes. */
function anyMap(values: Uint16Array, width: number, height: number, channels: number, most: number): Buffer {
  const body = Buffer.alloc(values.length * (most > 255 ? 2 : 1));
  for (const [at, value] of values.entries()) {
    if (most > 255) body.writeUInt16BE(value, at * 2);
    else body.writeUInt8(value, at);
  }
  return Buffer.concat([Buffer.from(`P${channels === 1 ? 5 : 6}\n${width} ${height}\n${most}\n`), body]);
}

async function samplesOfMap(name: string): Promise<Uint16Array> {
  const bytes = await readFile(file(name));
  const head = /^P[56]\s+\d+\s+\d+\s+(\d+)\s/.exec(bytes.toString("latin1", 0, 100));
  assert.ok(head);
  const body = bytes.subarray(head[0].length);
  if (Number(head[1]) < 256) return Uint16Array.from(body);
  return Uint16Array.from({ length: body.length / 2 }, (_, at) => body.readUInt16BE(at * 2));
}

const formatOf = (rows: number, columns: number, channels: number, bitsStored: number): PixelFormat =>
  readPixelFormat({
    rows,
    columns,
    samplesPerPixel: channels,
    bitsAllocated: bitsStored > 8 ? 16 : 8,
    bitsStored,
    photometricInterpretation: channels === 1 ? "MONOCHROME2" : "RGB",
  });

async function decoded(transferSyntax: string, format: PixelFormat, name: string): Promise<Samples> {
  const { pixels, format: now } = await decoders.decode({ transferSyntax, format, frame: await readFile(file(name)) });
  return readSamples(now, pixels);
}

function assertSame(actual: Samples, expected: Samples, tolerance = 0): void {
  assert.equal(actual.length, expected.length);
  const wrong = actual.findIndex((value, at) => Math.abs(value - (expected[at] ?? Number.NaN)) > tolerance);
  if (wrong >= 0) assert.fail(`sample ${wrong} is ${actual[wrong]}, not ${expected[wrong]}`);
}

type JpegXlEncoder = {
  getDecodedBuffer(info: {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned: boolean;
  }): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setLossless(lossless: boolean): void;
  encode(): void;
};

async function encodeJpegXl(values: Uint16Array, componentCount: number, bitsPerSample: number): Promise<Uint8Array> {
  const encoder = "@cornerstonejs/codec-libjxl/encodewasm";
  const codec = await freshCodec<{ JpegXLEncoder: new () => JpegXlEncoder }>(`${encoder}js`, encoder);
  const jpegXl = new codec.JpegXLEncoder();
  const bytes = bitsPerSample > 8 ? new Uint8Array(values.slice().buffer) : Uint8Array.from(values);
  jpegXl.getDecodedBuffer({ width: WIDTH, height: HEIGHT, bitsPerSample, componentCount, isSigned: false }).set(bytes);
  jpegXl.setLossless(true);
  jpegXl.encode();
  return jpegXl.getEncodedBuffer().slice();
}

const [WIDTH, HEIGHT] = [150, 101];
const KINDS = [
  ["grey 8", 1, 8],
  ["grey 10", 1, 10],
  ["grey 12", 1, 12],
  ["grey 16", 1, 16],
  ["rgb 8", 3, 8],
] as const;

for (const [what, channels, bits] of KINDS) {
  const most = 2 ** bits - 1;
  const values = scene(WIDTH, HEIGHT, channels, most);
  const format = formatOf(HEIGHT, WIDTH, channels, bits);
  const map = `${what.replace(" ", "-")}.${channels === 1 ? "pgm" : "ppm"}`;
  await writeFile(file(map), anyMap(values, WIDTH, HEIGHT, channels, most));

  for (const options of [[], ["--container=1"], ["-p"], ["-e", "1"]]) {
    if (bits % 8 > 0) break; // cjxl 0.7 spoils other depths: it takes a sample's maximum for 65535
    test(`JPEG XL, lossless, ${what}, ${options.join(" ") || "plain"}: the pixels that libjxl was given`, async () => {
      const name = `${map}${options.join("")}.jxl`;
      await run("cjxl", [file(map), file(name), "-d", "0", ...options]);
      assertSame(await decoded("1.2.840.10008.1.2.4.110", format, name), values);
    });
  }

  test(`JPEG XL, lossless, ${what}, from the encoder beside our decoder: the pixels it was given`, async () => {
    await writeFile(file(`${map}.own.jxl`), await encodeJpegXl(values, channels, bits));
    assertSame(await decoded("1.2.840.10008.1.2.4.110", format, `${map}.own.jxl`), values);
  });

  for (const [options, syntax] of [
    [[], "201"],
    [["-prog_order", "RPCL", "-num_decomps", "5"], "202"],
    [["-prog_order", "CPRL", "-tile_size", "{64,48}", "-block_size", "{32,32}"], "201"],
    [["-num_decomps", "0"], "201"],
  ] as const) {
    test(`HTJ2K, reversible, ${what}, ${options.join(" ") || "plain"}: the pixels that OpenJPH was given`, async () => {
      const name = `${map}${options.join("").replace(/\W/g, "")}.j2c`;
      await run("ojph_compress", ["-i", file(map), "-o", file(name), "-reversible", "true", ...options]);
      assertSame(await decoded(`1.2.840.10008.1.2.4.${syntax}`, format, name), values);
    });
  }

  test(`HTJ2K, irreversible, ${what}: within one level of what OpenJPH makes of it`, async () => {
    await run("ojph_compress", ["-i", file(map), "-o", file(`lossy-${map}.j2c`), "-qstep", "0.01"]);
    await run("ojph_expand", ["-i", file(`lossy-${map}.j2c`), "-o", file(`lossy-${map}`)]);
    const ours = await decoded("1.2.840.10008.1.2.4.203", format, `lossy-${map}.j2c`);
    assertSame(ours, await samplesOfMap(`lossy-${map}`), Math.max(1, most / 255));
  });
}

test("JPEG XL, lossy: within one level of what libjxl makes of it", async () => {
  await run("cjxl", [file("rgb-8.ppm"), file("lossy.jxl"), "-d", "1"]);
  await run("djxl", [file("lossy.jxl"), file("lossy.ppm")]);
  const ours = await decoded("1.2.840.10008.1.2.4.112", formatOf(HEIGHT, WIDTH, 3, 8), "lossy.jxl");
  assertSame(ours, await samplesOfMap("lossy.ppm"), 1);
});

test("JPEG XL made from a JPEG: within one level of what libjxl makes of it", async () => {
  await run("cjpeg", ["-quality", "90", "-outfile", file("photo.jpg"), file("rgb-8.ppm")]);
  await run("cjxl", [file("photo.jpg"), file("photo.jxl")]);
  await run("djxl", [file("photo.jxl"), file("photo.ppm")]);
  const ours = await decoded("1.2.840.10008.1.2.4.111", formatOf(HEIGHT, WIDTH, 3, 8), "photo.jxl");
  assertSame(ours, await samplesOfMap("photo.ppm"), 1);
});

for (const options of [[], ["-restart", "1"], ["-progressive"], ["-sample", "2x2"], ["-rgb"]]) {
  test(`JPEG as cjpeg ${options.join(" ") || "plain"} writes it: as djpeg reads it`, async () => {
    await run("cjpeg", ["-quality", "95", ...options, "-outfile", file("some.jpg"), file("rgb-8.ppm")]);
    await run("djpeg", ["-dct", "int", "-pnm", "-outfile", file("some.ppm"), file("some.jpg")]);
    const look = { kind: "png" } as const;
    const attributes = {
      ...formatOf(HEIGHT, WIDTH, 3, 8),
      photometricInterpretation: options[0] === "-rgb" ? "RGB" : "YBR_FULL_422",
    };
    const { bytes } = await decoders.render({
      transferSyntax: "1.2.840.10008.1.2.4.50",
      attributes,
      frame: await readFile(file("some.jpg")),
      ...look,
    });
    await writeFile(file("some.png"), bytes);
    await run("pngtopnm", [file("some.png")], { encoding: "buffer", maxBuffer: 2 ** 24 }).then(({ stdout }) =>
      writeFile(file("ours.ppm"), stdout),
    );
    assertSame(await samplesOfMap("ours.ppm"), await samplesOfMap("some.ppm"), 2);
  });
}

const SLICE = join(import.meta.dirname, "../../../shared/data/dicom/ct-lidc-0314/000002.dcm");

/** The only frame of a file, through our own reader. */
function onlyFrame(bytes: Uint8Array): Buffer {
  const ranges = frameRanges(readPart10(bytes).frameIndex, 0)?.ranges ?? [];
  return Buffer.concat(ranges.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
}

const SAME_SLICE = [
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (predictor) => ["dcmcjpeg", ["+el", "+sv", String(predictor)], "1.2.840.10008.1.2.4.57"] as const,
  ),
  ["dcmcjpeg", ["+e1"], "1.2.840.10008.1.2.4.70"],
  ["dcmcjpls", [], "1.2.840.10008.1.2.4.80"],
  ["dcmcrle", [], "1.2.840.10008.1.2.5"],
  ["gdcmconv", ["--j2k"], "1.2.840.10008.1.2.4.90"],
  ["gdcmconv", ["--jpegls"], "1.2.840.10008.1.2.4.80"],
  ["gdcmconv", ["--rle"], "1.2.840.10008.1.2.5"],
] as const;
for (const [tool, options, transferSyntax] of SAME_SLICE) {
  test(`a CT slice that ${tool} ${options.join(" ")} compressed without loss is the slice it was`, async () => {
    const original = new Uint8Array(await readFile(SLICE));
    const target = file(`${tool}${options.join("")}.dcm`);
    await run(tool, [...options, SLICE, target]);
    const format = formatOf(512, 512, 1, 12);
    const native = readSamples(format, onlyFrame(original));
    const { pixels, format: now } = await decoders.decode({
      transferSyntax,
      format,
      frame: onlyFrame(new Uint8Array(await readFile(target))),
    });
    assertSame(readSamples(now, pixels), native);
  });
}
