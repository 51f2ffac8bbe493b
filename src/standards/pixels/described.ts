import type { PixelFormat } from "#standards/pixels/format.ts";

/**
 * Decoded pixels of one frame (rows × columns × samples, little endian, as `decoded` describes them), arranged as the data set's own
 * attributes say, for whoever knows only those: planes apart or together, one-bit pixels packed from the lowest bit on (PS3.5
 * §8.1.1), what a lossy stream overshoots held at the largest stored value. Shared chroma stays spread over its pixels.
 */
export function asDescribed(attributes: PixelFormat, pixels: Uint8Array, decoded: PixelFormat): Uint8Array {
  if (attributes.bitsAllocated === 1 && decoded.bitsAllocated === 8) return packed(pixels);
  const arranged = rearranged(attributes, pixels, decoded);
  return decoded.bitsStored > attributes.bitsStored ? held(attributes, arranged) : arranged;
}

function packed(pixels: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(pixels.length / 8));
  for (let at = 0; at < pixels.length; at++) if (pixels[at]) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  return bits;
}

function rearranged(attributes: PixelFormat, pixels: Uint8Array, decoded: PixelFormat): Uint8Array {
  const { samplesPerPixel: samples } = decoded;
  if (samples === 1 || attributes.planarConfiguration === decoded.planarConfiguration) return pixels;
  const [size, count] = [decoded.bitsAllocated / 8, decoded.rows * decoded.columns];
  const arranged = new Uint8Array(pixels.length);
  for (let sample = 0; sample < samples; sample++) {
    for (let pixel = 0; pixel < count; pixel++) {
      const [apart, together] = [(sample * count + pixel) * size, (pixel * samples + sample) * size];
      const [from, to] = attributes.planarConfiguration === 1 ? [together, apart] : [apart, together];
      for (let byte = 0; byte < size; byte++) arranged[to + byte] = pixels[from + byte] ?? 0;
    }
  }
  return arranged;
}

/** Only unsigned samples of one or two bytes come deeper than Bits Stored. */
function held({ bitsStored, bitsAllocated }: PixelFormat, pixels: Uint8Array): Uint8Array {
  const most = 2 ** bitsStored - 1;
  if (bitsAllocated !== 16) return pixels.map((value) => Math.min(value, most));
  const values = pixels.slice();
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  for (let at = 0; at + 2 <= values.length; at += 2)
    if (view.getUint16(at, true) > most) view.setUint16(at, most, true);
  return values;
}
