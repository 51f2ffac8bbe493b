import type { Marking } from "#contract/studies.ts";

/** What is drawn, and in which study. */
export type Drawn = { readonly url: string; readonly kept: Marking };

/** Whether an instance's DICOMweb address lies in a study of this root. */
export const isOf = (url: string, studyUrl: string): boolean => url.startsWith(`${studyUrl}/`);

/**
 * What of a study has to be kept now: what is drawn on its images, and what was kept before on images that were not read yet and so
 * could not be drawn. In a stable order, so that the same measurements are the same text.
 */
export function toKeep(drawn: readonly Drawn[], studyUrl: string, waiting: readonly Marking[]): Marking[] {
  const here = drawn.flatMap(({ url, kept }) => (isOf(url, studyUrl) ? [kept] : []));
  const known = new Set(here.map(({ id }) => id));
  return [...here, ...waiting.filter(({ id }) => !known.has(id))].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether two lists keep the same, whatever was measured again meanwhile. */
export function sameMarkings(a: readonly Marking[], b: readonly Marking[]): boolean {
  const said = (list: readonly Marking[]) => JSON.stringify(list.map((marking) => ({ ...marking, value: "" })));
  return said(a) === said(b);
}
