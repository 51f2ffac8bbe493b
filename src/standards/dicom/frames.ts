import { Fault } from "#kit/fault.ts";
import type { ByteRange } from "#standards/dicom/data-set.ts";

/**
 * Where every frame of an object stands. Offsets are absolute: from the start of the Part 10 file, or, when `inflated`, from the
 * start of the inflated data set. Frames count from 0. `declared` is what Number of Frames says; `count` what is really there.
 */
export type FrameIndex = NoFrames | NativeFrames | EncapsulatedFrames;

export type NoFrames = { readonly is: "none"; readonly reason: string };

/** Uncompressed frames one behind the other: frame f occupies the bits from f × frameBits, 1-bit frames without padding. PS3.5 §8.1.1. */
export type NativeFrames = {
  readonly is: "native";
  readonly base: number;
  readonly frameBits: number;
  readonly count: number;
  readonly declared: number;
  readonly inflated: boolean;
};

/** Frame f consists of the fragments first[f] up to (not including) first[f + 1]. PS3.5 §A.4. */
export type EncapsulatedFrames = {
  readonly is: "encapsulated";
  readonly first: readonly number[];
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  readonly count: number;
  readonly declared: number;
};

export const frameCount = (index: FrameIndex): number => (index.is === "none" ? 0 : index.count);

/**
 * The bytes of a frame in order; concatenated they are its code stream or its pixels. `firstBit` (0 to 7) is where a 1-bit frame
 * begins in its first byte. Undefined when there is no such frame.
 */
export function frameRanges(index: FrameIndex, frame: number): { ranges: ByteRange[]; firstBit: number } | undefined {
  if (index.is === "none" || !Number.isInteger(frame) || frame < 0 || frame >= index.count) return undefined;
  if (index.is === "native") {
    const bit = frame * index.frameBits;
    const offset = Math.floor(bit / 8);
    const end = Math.ceil((bit + index.frameBits) / 8);
    return { ranges: [{ offset: index.base + offset, length: end - offset }], firstBit: bit % 8 };
  }
  const from = index.first[frame] ?? 0;
  const to = index.first[frame + 1] ?? index.offsets.length;
  const ranges: ByteRange[] = [];
  for (let at = from; at < to; at++) ranges.push({ offset: index.offsets[at] ?? 0, length: index.lengths[at] ?? 0 });
  return { ranges, firstBit: 0 };
}

/** Moves an index by `bytes`: when a header of another length is put before the same data set. */
export function shiftFrames(index: FrameIndex, bytes: number): FrameIndex {
  if (index.is === "native") return index.inflated ? index : { ...index, base: index.base + bytes };
  if (index.is === "encapsulated") return { ...index, offsets: index.offsets.map((offset) => offset + bytes) };
  return index;
}

const KINDS = { none: 0, native: 1, encapsulated: 2 } as const;

/**
 * A few bytes for a database column: LEB128 numbers, fragments by their distance from the end of the one before (8 in almost
 * every file). `unpackFrames` is its inverse.
 */
export function packFrames(index: FrameIndex): Uint8Array {
  const out: number[] = [];
  const put = (value: number) => {
    let rest = value;
    while (rest >= 0x80) {
      out.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    out.push(rest);
  };
  put(KINDS[index.is]);
  if (index.is === "none") {
    const reason = new TextEncoder().encode(index.reason);
    put(reason.length);
    for (const byte of reason) out.push(byte);
  } else if (index.is === "native") {
    for (const value of [index.base, index.frameBits, index.count, index.declared, index.inflated ? 1 : 0]) put(value);
  } else {
    for (const value of [index.count, index.declared, index.offsets.length]) put(value);
    let at = 0;
    for (const first of index.first) {
      put(first - at);
      at = first;
    }
    let end = 0;
    for (const [fragment, offset] of index.offsets.entries()) {
      const length = index.lengths[fragment] ?? 0;
      put(offset - end);
      put(length);
      end = offset + length;
    }
  }
  return Uint8Array.from(out);
}

/** Reads what `packFrames` wrote. Throws `input.invalid` for anything else. */
export function unpackFrames(bytes: Uint8Array): FrameIndex {
  let at = 0;
  const take = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at];
      if (byte === undefined || scale > 2 ** 49) throw new Fault("input.invalid", "a packed frame index is cut off");
      at += 1;
      value += (byte % 0x80) * scale;
      if (byte < 0x80) return value;
    }
  };
  switch (take()) {
    case KINDS.none: {
      const length = take();
      return { is: "none", reason: new TextDecoder().decode(bytes.subarray(at, at + length)) };
    }
    case KINDS.native:
      return { is: "native", base: take(), frameBits: take(), count: take(), declared: take(), inflated: take() === 1 };
    case KINDS.encapsulated: {
      const [count, declared, fragments] = [take(), take(), take()];
      if (count + fragments > bytes.length) throw new Fault("input.invalid", "a packed frame index is cut off");
      const first: number[] = [];
      for (let frame = 0; frame < count; frame++) first.push((first.at(-1) ?? 0) + take());
      const offsets: number[] = [];
      const lengths: number[] = [];
      let end = 0;
      for (let fragment = 0; fragment < fragments; fragment++) {
        const offset = end + take();
        const length = take();
        offsets.push(offset);
        lengths.push(length);
        end = offset + length;
      }
      return { is: "encapsulated", first, offsets, lengths, count, declared };
    }
    default:
      throw new Fault("input.invalid", "this is no packed frame index");
  }
}
