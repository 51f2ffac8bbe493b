import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type DecoderOptions, type Decoders, openDecoders } from "#platform/decoders/decoders.ts";
import { residentBytes } from "#platform/decoders/worker.ts";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { readPixelFormat } from "#standards/pixels/format.ts";

const MIB = 1024 ** 2;
const NATIVE = "1.2.840.10008.1.2.1";
const BASELINE = "1.2.840.10008.1.2.4.50";
const grey = (rows: number, columns: number): PixelAttributes => ({
  rows,
  columns,
  samplesPerPixel: 1,
  bitsAllocated: 8,
  photometricInterpretation: "MONOCHROME2",
});

async function withDecoders(
  options: Partial<DecoderOptions>,
  use: (decoders: Decoders) => Promise<void>,
): Promise<void> {
  const decoders = openDecoders({ size: 1, memoryLimit: 512 * MIB, timeLimit: 20_000, ...options });
  try {
    await use(decoders);
  } finally {
    await decoders.close();
  }
}

const segment = (marker: number, body: number[]) => [
  0xff,
  marker,
  (body.length + 2) >> 8,
  (body.length + 2) & 255,
  ...body,
];
/** A Huffman table with one code, the bit 0, which stands for `symbol`. */
const oneCode = (kind: number, symbol: number) => segment(0xc4, [kind, 1, ...Array<number>(15).fill(0), symbol]);

/** ISO/IEC 10918-1 annex B: square, grey, every block the same, so that its entropy-coded data are nothing but zeros. */
function flatJpeg(side: number): Buffer {
  const head = [
    ...segment(0xdb, [0, ...Array<number>(64).fill(1)]),
    ...segment(0xc0, [8, side >> 8, side & 255, side >> 8, side & 255, 1, 1, 0x11, 0]),
    ...[...oneCode(0x00, 0), ...oneCode(0x10, 0)],
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
  ];
  return Buffer.from([
    0xff,
    0xd8,
    ...head,
    ...Array<number>(Math.ceil(Math.ceil(side / 8) ** 2 / 4)).fill(0),
    0xff,
    0xd9,
  ]);
}

/** The same, progressive, its coefficients said again and again: each scan is 16384 blocks for 15 bits. */
function endlessJpeg(side: number, scans: number): Buffer {
  const blocks = Math.ceil(side / 8) ** 2;
  const head = [
    ...segment(0xdb, [0, ...Array<number>(64).fill(1)]),
    ...segment(0xc2, [8, side >> 8, side & 255, side >> 8, side & 255, 1, 1, 0x11, 0]),
    ...[...oneCode(0x00, 0), ...oneCode(0x10, 0xe0)],
  ];
  const first = [...segment(0xda, [1, 1, 0, 0, 0, 0]), ...Array<number>(Math.ceil(blocks / 8)).fill(0)];
  const again = [
    ...segment(0xda, [1, 1, 0, 1, 63, 0]),
    ...Array<number>(Math.ceil((Math.ceil(blocks / 16384) * 15) / 8)).fill(0),
  ];
  const repeated = Array.from({ length: scans }, () => Buffer.from(again));
  return Buffer.concat([Buffer.from([0xff, 0xd8, ...head, ...first]), ...repeated, Buffer.of(0xff, 0xd9)]);
}

/** Process ids of this process's children. */
function children(): number[] {
  const parentOf = (pid: string): number => {
    try {
      return Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")[1]);
    } catch {
      return 0; // it is gone already
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid)
    .map(Number);
}

test("fragments of one frame are put together and come back as native pixels", () =>
  withDecoders({}, async (decoders) => {
    const jpeg = flatJpeg(40);
    const frame = [jpeg.subarray(0, 100), jpeg.subarray(100)];
    const { pixels, format } = await decoders.decode({
      transferSyntax: BASELINE,
      format: readPixelFormat(grey(40, 40)),
      frame,
    });
    assert.equal(pixels.length, 1600);
    assert.ok(pixels.every((pixel) => pixel === 128));
    assert.equal(format.photometricInterpretation, "MONOCHROME2");
  }));

test("a small stream that asks for more memory than a decoder may have costs a child, not the server", () =>
  withDecoders({ memoryLimit: 300 * MIB }, async (decoders) => {
    const bomb = flatJpeg(15000); // 880 kB that ask for 225 MB, twice
    const before = process.memoryUsage().rss;
    const format = readPixelFormat(grey(15000, 15000));
    await assert.rejects(decoders.decode({ transferSyntax: BASELINE, format, frame: bomb }), {
      code: "decoder.failed",
      message: /memory/,
    });
    assert.ok(process.memoryUsage().rss - before < 100 * MIB);
    const small = await decoders.decode({
      transferSyntax: BASELINE,
      format: readPixelFormat(grey(8, 8)),
      frame: flatJpeg(8),
    });
    assert.equal(small.pixels.length, 64);
  }));

test("what big frames leave behind does not count against the next ones", () =>
  withDecoders({ memoryLimit: 260 * MIB }, async (decoders) => {
    const frame = flatJpeg(4000);
    for (let round = 0; round < 5; round++) {
      const format = readPixelFormat(grey(4000, 4000));
      const { pixels } = await decoders.decode({ transferSyntax: BASELINE, format, frame });
      assert.equal(pixels.length, 16_000_000);
    }
  }));

test("a frame that takes too long is given up, and the next one is decoded", () =>
  withDecoders({ timeLimit: 1500 }, async (decoders) => {
    const scans = endlessJpeg(9000, 3000); // 610 kB
    const started = performance.now();
    const decoding = decoders.decode({
      transferSyntax: "1.2.840.10008.1.2.4.55",
      format: readPixelFormat(grey(9000, 9000)),
      frame: scans,
    });
    await assert.rejects(decoding, { code: "decoder.failed", message: /too long/ });
    assert.ok(performance.now() - started < 15_000);
    const { pixels } = await decoders.decode({
      transferSyntax: NATIVE,
      format: readPixelFormat(grey(1, 2)),
      frame: Uint8Array.of(1, 2),
    });
    assert.deepEqual([...pixels], [1, 2]);
  }));

test("a child that dies is replaced", () =>
  withDecoders({}, async (decoders) => {
    const request = { transferSyntax: NATIVE, format: readPixelFormat(grey(1, 2)), frame: Uint8Array.of(1, 2) };
    await decoders.decode(request);
    const [child] = children();
    assert.ok(child !== undefined && (residentBytes(child) ?? 0) > MIB);
    process.kill(child, "SIGKILL");
    const outcomes = await Promise.allSettled([decoders.decode(request), decoders.decode(request)]);
    assert.equal(outcomes[1].status, "fulfilled");
    assert.ok(!children().includes(child));
  }));

test("when too many frames wait, the next one hears decoder.busy at once", () =>
  withDecoders({ queueLimit: 2 }, async (decoders) => {
    const request = { transferSyntax: NATIVE, format: readPixelFormat(grey(1, 2)), frame: Uint8Array.of(1, 2) };
    const asked = Array.from({ length: 5 }, () => decoders.decode(request));
    const outcomes = await Promise.allSettled(asked);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"],
    );
    await assert.rejects(asked[4] ?? Promise.resolve(), { code: "decoder.busy" });
  }));

test("a frame nobody waits for any more is not decoded", () =>
  withDecoders({}, async (decoders) => {
    const gone = new AbortController();
    const request = { transferSyntax: NATIVE, format: readPixelFormat(grey(1, 2)), frame: Uint8Array.of(1, 2) };
    const first = decoders.decode(request);
    const second = decoders.decode({ ...request, signal: gone.signal });
    gone.abort();
    await assert.rejects(second, { code: "request.cancelled" });
    await assert.rejects(decoders.decode({ ...request, signal: gone.signal }), { code: "request.cancelled" });
    assert.equal((await first).pixels.length, 2);
  }));

test("closing ends every child, and what waits hears of it", async () => {
  const decoders = openDecoders({ size: 2, memoryLimit: 512 * MIB, timeLimit: 20_000 });
  const request = { transferSyntax: NATIVE, format: readPixelFormat(grey(1, 2)), frame: Uint8Array.of(1, 2) };
  await decoders.decode(request);
  const asked = [decoders.decode(request), decoders.decode(request), decoders.decode(request)];
  const outcomes = Promise.allSettled(asked);
  await decoders.close();
  assert.ok((await outcomes).every(({ status }) => status === "rejected"));
  assert.deepEqual(children(), []);
  await assert.rejects(decoders.decode(request), { code: "decoder.busy" });
});

test("sizes that no frame may have are refused before any child starts", () =>
  withDecoders({ maxFrameBytes: 1000 }, async (decoders) => {
    const large = { ...grey(40, 40), pixels: "integer" } as const;
    await assert.rejects(
      decoders.render({ transferSyntax: NATIVE, attributes: large, frame: new Uint8Array(1600), kind: "png" }),
      { code: "input.too-large" },
    );
    const frame = new Uint8Array(1001);
    await assert.rejects(decoders.decode({ transferSyntax: NATIVE, format: readPixelFormat(grey(1, 1)), frame }), {
      code: "input.too-large",
    });
    assert.deepEqual(children(), []);
  }));

test("video and unknown transfer syntaxes are undecodable", () =>
  withDecoders({}, async (decoders) => {
    for (const transferSyntax of ["1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.107", "1.2.3"]) {
      const decoding = decoders.decode({
        transferSyntax,
        format: readPixelFormat(grey(1, 1)),
        frame: new Uint8Array(9),
      });
      await assert.rejects(decoding, { code: "dicom.undecodable" });
    }
  }));
