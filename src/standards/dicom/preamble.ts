const PREAMBLE_BYTES = 128;
/** TIFF 6.0 §2 and BigTIFF: byte order (II or MM), then 42 or 43 in it. */
const TIFF: readonly number[] = [0x49492a00, 0x4d4d002a, 0x49492b00, 0x4d4d002b];

/**
 * Whether the 128 bytes in front of DICM are what PS3.10 §7.1 has them for: zeros, the header of a TIFF image over the same pixels
 * (a file of two personalities), or not there at all. Anything else may be another program's file in disguise: an executable,
 * a script, a page.
 */
export function isUsualPreamble(preamble: Uint8Array): boolean {
  if (preamble.length !== PREAMBLE_BYTES) return true;
  const mark = new DataView(preamble.buffer, preamble.byteOffset, preamble.byteLength).getUint32(0);
  return TIFF.includes(mark) || preamble.every((byte) => byte === 0);
}
