/** A reproducible stream of random numbers: the same seed gives the same stream on every machine. Not for secrets. */
export type Random = {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  /** Normal with mean 0 and variance 1, to within ± 3.5. */
  gauss(): number;
};

/** 32 bits of a text (FNV-1a with a final avalanche), to seed a stream from a label. */
export function seedOf(label: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The stream that belongs to a label (mulberry32). */
export function randomOf(label: string): Random {
  let state = seedOf(label);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    below: (below) => Math.floor(next() * below),
    gauss: () => (next() + next() + next() + next() - 2) * 1.7320508,
  };
}
