import { type Layout, layoutFor } from "./layout.ts";

/** What a hanging rule knows of a stack. */
export type Hangable = {
  readonly key: string;
  readonly modality: string;
  readonly laterality: string;
  readonly view: string;
};

const SIDE_BY_SIDE = new Set(["MG", "CR", "DX", "PX", "IO"]);
const MAMMOGRAPHY = ["RCC", "LCC", "RMLO", "LMLO"];

/**
 * How a study is first hung: projections beside each other, mammograms right breast left as on the light box (CC above MLO),
 * everything else one series at a time. Nothing when the study has too few or too many images for a rule.
 */
export function hang(
  stacks: readonly Hangable[],
): { readonly layout: Layout; readonly keys: readonly string[] } | undefined {
  const projections = stacks.filter(({ modality }) => SIDE_BY_SIDE.has(modality));
  if (projections.length < 2 || projections.length > 4 || projections.length !== stacks.length) return undefined;
  const placed = projections.toSorted((a, b) => orderOf(a) - orderOf(b));
  return { layout: layoutFor(placed.length), keys: placed.map(({ key }) => key) };
}

function orderOf({ modality, laterality, view }: Hangable): number {
  if (modality !== "MG") return 0;
  const known = MAMMOGRAPHY.indexOf(`${laterality}${view}`);
  return known < 0 ? MAMMOGRAPHY.length : known;
}

/** The series to show first: the first with pictures, by number; scouts of a single image give way to a stack. */
export function firstSeries<T extends { readonly modality: string; readonly frames: number }>(
  series: readonly T[],
): T | undefined {
  const pictures = series.filter(({ modality }) => !WITHOUT_PICTURES.has(modality));
  const stacks = pictures.filter(({ frames, modality }) => frames > 2 || !["CT", "MR", "PT"].includes(modality));
  return stacks[0] ?? pictures[0] ?? series[0];
}

const WITHOUT_PICTURES = new Set([
  "SR",
  "PR",
  "KO",
  "DOC",
  "RTSTRUCT",
  "RTPLAN",
  "REG",
  "SEG",
  "ECG",
  "PLAN",
  "AU",
  "FID",
  "RWV",
]);

/** The stack of a prior that answers a current one: same modality, most alike in what its series is called. */
export function counterpart<
  T extends { readonly modality: string; readonly description: string; readonly frames: number },
>(
  current: { readonly modality: string; readonly description: string; readonly frames: number },
  candidates: readonly T[],
): T | undefined {
  const alike = (candidate: T): number => {
    const sameKind = candidate.modality === current.modality ? 4 : 0;
    const words = new Set(wordsOf(current.description));
    const shared = wordsOf(candidate.description).filter((word) => words.has(word)).length;
    const ratio = Math.min(candidate.frames, current.frames) / Math.max(1, candidate.frames, current.frames);
    return sameKind + Math.min(3, shared) + ratio;
  };
  return candidates
    .filter(({ modality }) => !WITHOUT_PICTURES.has(modality))
    .toSorted((a, b) => alike(b) - alike(a))[0];
}

/** The words of a description, in lower case. */
export const wordsOf = (description: string): string[] =>
  description
    .toLowerCase()
    .split(/[^\p{L}\p{N}.]+/u)
    .filter((word) => word.length > 1);
