/**
 * Palettes (PS3.3 §C.7.6.3.1.5, §C.7.9.2). Entries come as 16-bit words, little-endian, sometimes as packed bytes although
 * the descriptor says otherwise; the answer is always `count` entries of 8 bits.
 */
export function paletteEntries(
  bytes: Uint8Array,
  [count, , bits]: readonly [number, number, number],
  segmented: boolean,
): Uint8Array {
  const entries = Math.min(Math.max(1, count), 65_536);
  if (segmented) return toBytes(expandSegments(words(bytes), entries), bits === 8 ? 8 : 16);
  if (bytes.length < entries * 2) return bytes.slice(0, entries); // one byte each
  const values = words(bytes).subarray(0, entries);
  // Some writers declare 16 bits and store 8-bit values.
  const deep = bits > 8 && values.some((value) => value > 255);
  return toBytes(values, deep ? 16 : 8);
}

function words(bytes: Uint8Array): Uint16Array {
  const even = bytes.byteLength - (bytes.byteLength % 2);
  return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + even));
}

function toBytes(values: Uint16Array, bits: 8 | 16): Uint8Array {
  return Uint8Array.from(values, (value) => (bits === 16 ? value >> 8 : value & 0xff));
}

/** PS3.3 §C.7.9.2: discrete (0), linear (1) and indirect (2) segments; never more than `count` entries, never a loop. */
export function expandSegments(data: Uint16Array, count: number): Uint16Array {
  const out = new Uint16Array(count);
  let filled = 0;
  let last = 0;
  const put = (value: number) => {
    if (filled < count) out[filled++] = value;
    last = value;
  };
  const run = (at: number, segments: number, nested: boolean): void => {
    let left = segments;
    while (left-- > 0 && at + 1 < data.length && filled < count) {
      const kind = data[at] ?? 0;
      const size = data[at + 1] ?? 0;
      if (kind === 0) {
        for (const value of data.subarray(at + 2, at + 2 + size)) put(value);
        at += 2 + size;
      } else if (kind === 1) {
        const from = last;
        const to = data[at + 2] ?? 0;
        for (let step = 1; step <= size; step++) put(Math.round(from + ((to - from) * step) / size));
        at += 3;
      } else if (kind === 2 && !nested) {
        run((data[at + 2] ?? 0) + (data[at + 3] ?? 0) * 65_536, size, true);
        at += 4;
      } else return;
    }
  };
  run(0, Number.POSITIVE_INFINITY, false);
  out.fill(last, filled);
  return out;
}
