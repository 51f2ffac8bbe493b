import { wordsOf } from "./hang.ts";

type Moment = { readonly studyDate: string; readonly studyTime: string };
type Series = { readonly modality: string; readonly bodyPart: string; readonly description: string };
type Listed = Moment & { readonly modalities: readonly string[]; readonly description: string };

/**
 * Whether a study was made before another. On the same day the times decide; a study that says no time on that day is not called
 * earlier, because nobody knows.
 */
export function isEarlier(study: Moment, than: Moment): boolean {
  if (study.studyDate === "" || than.studyDate === "") return false;
  if (study.studyDate !== than.studyDate) return study.studyDate < than.studyDate;
  return study.studyTime !== "" && than.studyTime !== "" && study.studyTime < than.studyTime;
}

/** The other studies of a patient in the order in which a reader may want them: earlier ones of the same kind, earlier ones, later ones; newest first. */
export function inTurn<T extends Listed>(present: Listed, others: readonly T[]): T[] {
  const turn = (study: T): number => {
    if (!isEarlier(study, present)) return 2;
    return study.modalities.some((modality) => PICTURED(modality) && present.modalities.includes(modality)) ? 0 : 1;
  };
  return others.toSorted((a, b) => turn(a) - turn(b) || newestFirst(a, b));
}

const PICTURED = (modality: string): boolean => !["SR", "DOC", "PR", "KO"].includes(modality);

/**
 * What a series is compared with: the newest earlier study that has the same modality of the same part of the body, else of the
 * same modality, else of the same part, else the newest earlier one. Never a study that was made later.
 */
export function priorFor<T extends Listed & { readonly series: readonly Series[] }>(
  present: Listed,
  row: Series,
  others: readonly T[],
): T | undefined {
  const part = partOf(row, present);
  const likeness = (study: T): number => {
    const same = study.series.filter(({ modality }) => modality === row.modality);
    const alike = (list: readonly Series[]) => list.some((series) => shares(part, partOf(series, study)));
    return (same.length > 0 ? 2 : 0) + (alike(same.length > 0 ? same : study.series) ? 1 : 0);
  };
  return others
    .filter((study) => isEarlier(study, present))
    .toSorted((a, b) => likeness(b) - likeness(a) || newestFirst(a, b))[0];
}

/** Which part of the body a series shows: by Body Part Examined, else by the words of its descriptions. */
function partOf(series: Series, study: Pick<Listed, "description">): readonly string[] {
  const named = series.bodyPart.toLowerCase().replace(/[^\p{L}]/gu, "");
  return [...(named ? [named] : []), ...wordsOf(`${study.description} ${series.description}`)].filter(
    (word) => !NO_PART.has(word) && !/\d/.test(word),
  );
}

/** Words of descriptions that name no part of the body. */
const NO_PART = new Set(
  "ct mr mri xr dx cr us mg pet scan with without contrast and of the mm series plain axial".split(" "),
);
const shares = (a: readonly string[], b: readonly string[]): boolean => a.some((word) => b.includes(word));
const newestFirst = (a: Moment, b: Moment): number =>
  `${b.studyDate}${b.studyTime}` > `${a.studyDate}${a.studyTime}` ? 1 : -1;
