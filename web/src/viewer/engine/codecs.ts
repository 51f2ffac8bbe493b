import { getWebWorkerManager } from "@cornerstonejs/core";
import { Fault } from "#kit/fault.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";
import type { Samples } from "#standards/pixels/native.ts";

type Answer = { readonly pixels: Samples; readonly planar: boolean };
type Raw = { pixelData?: Samples; interleaveMode?: number };

/** Decodes in a worker with Cornerstone's codecs. The number of pixels is what was announced, or it is a Fault. */
export async function askCodec(format: PixelFormat, transferSyntax: string, bytes: Uint8Array): Promise<Answer> {
  const imageFrame = {
    rows: format.rows,
    columns: format.columns,
    samplesPerPixel: format.samplesPerPixel,
    photometricInterpretation: format.photometricInterpretation,
    planarConfiguration: 0,
    bitsAllocated: format.bitsAllocated,
    bitsStored: format.bitsStored,
    pixelRepresentation: format.pixelRepresentation,
  };
  const decoded: unknown = await getWebWorkerManager().executeTask("dicomImageLoader", "decodeTask", {
    imageFrame,
    transferSyntax,
    pixelData: bytes.slice(), // some codecs read the whole buffer that a view stands in
    options: { preScale: { enabled: false } },
    decodeConfig: {},
  });
  const { pixelData, interleaveMode } = decoded as Raw;
  if (pixelData?.length !== format.rows * format.columns * format.samplesPerPixel) {
    throw new Fault("decoder.failed", "The decoder gave another number of pixels than the frame announced.");
  }
  return { pixels: pixelData, planar: interleaveMode === 0 && format.samplesPerPixel === 3 };
}

let bias: Promise<number> | undefined;

/**
 * How much the codec for twelve-bit JPEG answers too much: it rounds its level shift from eight bits, which would move every
 * Hounsfield value. It is asked for a block of mid-grey, which is 2048 by ISO/IEC 10918-1 §A.3.1, and so shows it itself.
 */
export function biasOf12Bits(): Promise<number> {
  bias ??= askCodec(GREY_BLOCK, "1.2.840.10008.1.2.4.51", midGrey()).then(({ pixels }) => (pixels[0] ?? 2048) - 2048);
  bias.catch(() => {
    bias = undefined;
  });
  return bias;
}

const GREY_BLOCK: PixelFormat = {
  rows: 8,
  columns: 8,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  pixelRepresentation: 0,
  photometricInterpretation: "MONOCHROME2",
  planarConfiguration: 0,
  pixels: "integer",
};

/** The smallest twelve-bit JPEG: one block, all coefficients zero. */
function midGrey(): Uint8Array {
  const table = (id: number) => [0xff, 0xc4, 0, 20, id, 1, ...new Array<number>(15).fill(0), 0];
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...[0xff, 0xdb, 0, 67, 0, ...new Array<number>(64).fill(1)],
    ...[0xff, 0xc1, 0, 11, 12, 0, 8, 0, 8, 1, 1, 0x11, 0],
    ...table(0x00),
    ...table(0x10),
    ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
    ...[0x3f, 0xff, 0xd9],
  ]);
}
