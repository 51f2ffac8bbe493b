import type { Uid } from "#standards/dicom/uid.ts";

/** PS3.5 §10 and annex A: how a data set is written. `pixels` is the family of its frames' code: decoders and media types go by it. */
export type TransferSyntax = {
  readonly uid: Uid;
  readonly name: string;
  readonly explicit: boolean;
  readonly bigEndian: boolean;
  readonly deflated: boolean;
  readonly encapsulated: boolean;
  readonly lossy: boolean;
  readonly video: boolean;
  readonly pixels: PixelCode;
  readonly retired: boolean;
};

/** Families of codes. ISO/IEC 10918-1 has processes with Huffman codes (`jpeg`), with arithmetic codes, and hierarchical ones. */
export type PixelCode =
  | "native"
  | "rle"
  | "jpeg"
  | "jpeg-arithmetic"
  | "jpeg-hierarchical"
  | "jpeg-ls"
  | "jpeg-2000"
  | "jpeg-2000-part-2"
  | "jpip"
  | "htj2k"
  | "jpeg-xl"
  | "deflate"
  | "mpeg-2"
  | "h264"
  | "h265"
  | "smpte"
  | "unknown";

const row = (uid: string, name: string, given: Partial<TransferSyntax>): TransferSyntax => ({
  uid: uid as Uid,
  name,
  explicit: true,
  bigEndian: false,
  deflated: false,
  encapsulated: given.pixels !== undefined,
  lossy: false,
  video: false,
  pixels: "native",
  retired: false,
  ...given,
});

const JPEG = "1.2.840.10008.1.2.4";

/** PS3.6 table A-1, the transfer syntaxes; `lossy` where the syntax allows loss at all. */
export const TRANSFER_SYNTAXES: readonly TransferSyntax[] = [
  row("1.2.840.10008.1.2", "Implicit VR Little Endian", { explicit: false }),
  row("1.2.840.10008.1.2.1", "Explicit VR Little Endian", {}),
  row("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", {
    encapsulated: true,
  }),
  row("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", { deflated: true }),
  row("1.2.840.10008.1.2.2", "Explicit VR Big Endian", { bigEndian: true, retired: true }),
  row("1.2.840.10008.1.2.5", "RLE Lossless", { pixels: "rle" }),
  row("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", { pixels: "deflate" }),
  row(`${JPEG}.50`, "JPEG Baseline (Process 1)", { pixels: "jpeg", lossy: true }),
  row(`${JPEG}.51`, "JPEG Extended (Process 2 and 4)", { pixels: "jpeg", lossy: true }),
  row(`${JPEG}.52`, "JPEG Extended (Process 3 and 5)", { pixels: "jpeg-arithmetic", lossy: true, retired: true }),
  row(`${JPEG}.53`, "JPEG Spectral Selection (Process 6 and 8)", { pixels: "jpeg", lossy: true, retired: true }),
  row(`${JPEG}.54`, "JPEG Spectral Selection (Process 7 and 9)", {
    pixels: "jpeg-arithmetic",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.55`, "JPEG Full Progression (Process 10 and 12)", { pixels: "jpeg", lossy: true, retired: true }),
  row(`${JPEG}.56`, "JPEG Full Progression (Process 11 and 13)", {
    pixels: "jpeg-arithmetic",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.57`, "JPEG Lossless, Non-Hierarchical (Process 14)", { pixels: "jpeg" }),
  row(`${JPEG}.58`, "JPEG Lossless, Non-Hierarchical (Process 15)", { pixels: "jpeg-arithmetic", retired: true }),
  row(`${JPEG}.59`, "JPEG Extended, Hierarchical (Process 16 and 18)", {
    pixels: "jpeg-hierarchical",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.60`, "JPEG Extended, Hierarchical (Process 17 and 19)", {
    pixels: "jpeg-hierarchical",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.61`, "JPEG Spectral Selection, Hierarchical (20 and 22)", {
    pixels: "jpeg-hierarchical",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.62`, "JPEG Spectral Selection, Hierarchical (21 and 23)", {
    pixels: "jpeg-hierarchical",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.63`, "JPEG Full Progression, Hierarchical (24 and 26)", {
    pixels: "jpeg-hierarchical",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.64`, "JPEG Full Progression, Hierarchical (25 and 27)", {
    pixels: "jpeg-hierarchical",
    lossy: true,
    retired: true,
  }),
  row(`${JPEG}.65`, "JPEG Lossless, Hierarchical (Process 28)", { pixels: "jpeg-hierarchical", retired: true }),
  row(`${JPEG}.66`, "JPEG Lossless, Hierarchical (Process 29)", { pixels: "jpeg-hierarchical", retired: true }),
  row(`${JPEG}.70`, "JPEG Lossless, First-Order Prediction (Process 14, Selection Value 1)", { pixels: "jpeg" }),
  row(`${JPEG}.80`, "JPEG-LS Lossless", { pixels: "jpeg-ls" }),
  row(`${JPEG}.81`, "JPEG-LS Near-Lossless", { pixels: "jpeg-ls", lossy: true }),
  row(`${JPEG}.90`, "JPEG 2000 Lossless", { pixels: "jpeg-2000" }),
  row(`${JPEG}.91`, "JPEG 2000", { pixels: "jpeg-2000", lossy: true }),
  row(`${JPEG}.92`, "JPEG 2000 Part 2 Multi-component Lossless", { pixels: "jpeg-2000-part-2" }),
  row(`${JPEG}.93`, "JPEG 2000 Part 2 Multi-component", { pixels: "jpeg-2000-part-2", lossy: true }),
  row(`${JPEG}.94`, "JPIP Referenced", { pixels: "jpip", encapsulated: false, lossy: true }),
  row(`${JPEG}.95`, "JPIP Referenced Deflate", { pixels: "jpip", encapsulated: false, deflated: true, lossy: true }),
  row(`${JPEG}.100`, "MPEG2 Main Profile / Main Level", { pixels: "mpeg-2", lossy: true, video: true }),
  row(`${JPEG}.100.1`, "Fragmentable MPEG2 Main Profile / Main Level", { pixels: "mpeg-2", lossy: true, video: true }),
  row(`${JPEG}.101`, "MPEG2 Main Profile / High Level", { pixels: "mpeg-2", lossy: true, video: true }),
  row(`${JPEG}.101.1`, "Fragmentable MPEG2 Main Profile / High Level", { pixels: "mpeg-2", lossy: true, video: true }),
  row(`${JPEG}.102`, "MPEG-4 AVC/H.264 High Profile / Level 4.1", { pixels: "h264", lossy: true, video: true }),
  row(`${JPEG}.102.1`, "Fragmentable MPEG-4 AVC/H.264 High Profile / 4.1", {
    pixels: "h264",
    lossy: true,
    video: true,
  }),
  row(`${JPEG}.103`, "MPEG-4 AVC/H.264 BD-compatible / Level 4.1", { pixels: "h264", lossy: true, video: true }),
  row(`${JPEG}.103.1`, "Fragmentable MPEG-4 AVC/H.264 BD-compatible / 4.1", {
    pixels: "h264",
    lossy: true,
    video: true,
  }),
  row(`${JPEG}.104`, "MPEG-4 AVC/H.264 High Profile / 4.2 for 2D Video", { pixels: "h264", lossy: true, video: true }),
  row(`${JPEG}.104.1`, "Fragmentable MPEG-4 AVC/H.264 / 4.2 for 2D Video", {
    pixels: "h264",
    lossy: true,
    video: true,
  }),
  row(`${JPEG}.105`, "MPEG-4 AVC/H.264 High Profile / 4.2 for 3D Video", { pixels: "h264", lossy: true, video: true }),
  row(`${JPEG}.105.1`, "Fragmentable MPEG-4 AVC/H.264 / 4.2 for 3D Video", {
    pixels: "h264",
    lossy: true,
    video: true,
  }),
  row(`${JPEG}.106`, "MPEG-4 AVC/H.264 Stereo High Profile / 4.2", { pixels: "h264", lossy: true, video: true }),
  row(`${JPEG}.106.1`, "Fragmentable MPEG-4 AVC/H.264 Stereo / 4.2", { pixels: "h264", lossy: true, video: true }),
  row(`${JPEG}.107`, "HEVC/H.265 Main Profile / Level 5.1", { pixels: "h265", lossy: true, video: true }),
  row(`${JPEG}.108`, "HEVC/H.265 Main 10 Profile / Level 5.1", { pixels: "h265", lossy: true, video: true }),
  row(`${JPEG}.110`, "JPEG XL Lossless", { pixels: "jpeg-xl" }),
  row(`${JPEG}.111`, "JPEG XL JPEG Recompression", { pixels: "jpeg-xl", lossy: true }),
  row(`${JPEG}.112`, "JPEG XL", { pixels: "jpeg-xl", lossy: true }),
  row(`${JPEG}.201`, "High-Throughput JPEG 2000 Lossless", { pixels: "htj2k" }),
  row(`${JPEG}.202`, "High-Throughput JPEG 2000 with RPCL Lossless", { pixels: "htj2k" }),
  row(`${JPEG}.203`, "High-Throughput JPEG 2000", { pixels: "htj2k", lossy: true }),
  row(`${JPEG}.204`, "JPIP HTJ2K Referenced", { pixels: "jpip", encapsulated: false, lossy: true }),
  row(`${JPEG}.205`, "JPIP HTJ2K Referenced Deflate", {
    pixels: "jpip",
    encapsulated: false,
    deflated: true,
    lossy: true,
  }),
  row("1.2.840.10008.1.2.7.1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video", {
    pixels: "smpte",
    video: true,
  }),
  row("1.2.840.10008.1.2.7.2", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video", {
    pixels: "smpte",
    video: true,
  }),
  row("1.2.840.10008.1.2.7.3", "SMPTE ST 2110-30 PCM Digital Audio", { pixels: "smpte", video: true }),
];

const byUid = new Map<string, TransferSyntax>(TRANSFER_SYNTAXES.map((syntax) => [syntax.uid, syntax]));

export const transferSyntax = (uid: string): TransferSyntax | undefined => byUid.get(uid);

/**
 * The row of a UID, or for private and future syntaxes the reading that PS3.5 annex A.4 makes certain: explicit VR little endian,
 * pixel data encapsulated when its length is undefined.
 */
export const transferSyntaxOrPrivate = (uid: string): TransferSyntax =>
  byUid.get(uid) ?? row(uid, uid, { pixels: "unknown", encapsulated: false });

export const IMPLICIT_LE = "1.2.840.10008.1.2" as Uid;
export const EXPLICIT_LE = "1.2.840.10008.1.2.1" as Uid;
export const DEFLATED_LE = "1.2.840.10008.1.2.1.99" as Uid;
export const EXPLICIT_BE = "1.2.840.10008.1.2.2" as Uid;
