import type { SeriesRow, StudyDetail } from "#contract/studies.ts";

/** Documents, presentation states and key object notes have no picture to ask for, whatever they count as frames. */
const WORDS_ONLY = new Set(["SR", "DOC", "KO", "PR", "AU", "PLAN", "REG", "RTSTRUCT", "RTPLAN", "FID", "RWV"]);

/** Whether the server has a small picture of a series: to ask for one that cannot be is a refusal on the record. */
export const hasPicture = ({ frames, modality }: Pick<SeriesRow, "frames" | "modality">): boolean =>
  frames > 0 && !WORDS_ONLY.has(modality);

/** How many images a study has as people count them: a loop is its frames, a document is one. */
export const imagesOf = (study: Pick<StudyDetail, "series">): number =>
  study.series.reduce(
    (sum, series) => sum + (hasPicture(series) ? Math.max(series.frames, series.instanceCount) : series.instanceCount),
    0,
  );

export type SeriesKind = "image" | "report" | "document" | "object";

/** What a series is by its modality, before its objects are read. */
export function kindOfSeries(series: Pick<SeriesRow, "frames" | "modality">): SeriesKind {
  if (hasPicture(series)) return "image";
  return series.modality === "SR" ? "report" : series.modality === "DOC" ? "document" : "object";
}
