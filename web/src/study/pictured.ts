import type { SeriesRow } from "#contract/studies.ts";

/** Documents, presentation states and key object notes have no picture to ask for, whatever they count as frames. */
const WORDS_ONLY = new Set(["SR", "DOC", "KO", "PR", "AU", "PLAN", "REG", "RTSTRUCT", "RTPLAN", "FID", "RWV"]);

/** Whether the server has a small picture of a series: to ask for one that cannot be is a refusal on the record. */
export const hasPicture = ({ frames, modality }: Pick<SeriesRow, "frames" | "modality">): boolean =>
  frames > 0 && !WORDS_ONLY.has(modality);

export type SeriesKind = "image" | "report" | "document" | "object";

/** What a series is by its modality, before its objects are read. */
export function kindOfSeries(series: Pick<SeriesRow, "frames" | "modality">): SeriesKind {
  if (hasPicture(series)) return "image";
  return series.modality === "SR" ? "report" : series.modality === "DOC" ? "document" : "object";
}
