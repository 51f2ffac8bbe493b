import type { SeriesRow, StudyDetail } from "#contract/studies.ts";
import { framesOf } from "../dicom/frames.ts";
import { type DataSet, text } from "../dicom/json.ts";
import { placesOf, type Stack, stacksOf } from "../dicom/stack.ts";
import type { StackInfo } from "../model/state.ts";
import { getJson } from "./wire.ts";

/** Where a study's objects are asked for. */
export type StudyPlace = Pick<StudyDetail, "id" | "studyUid" | "dicomwebRoot">;

/** An object without pictures of its own: a report, a PDF, or something only its attributes can show. */
export type Document = {
  readonly key: string;
  readonly series: string;
  readonly kind: "pdf" | "sr" | "other";
  readonly url: string;
  readonly instance: DataSet;
};

/** What can stand in a pane. */
export type Item = { readonly key: string; readonly info: StackInfo } & (
  | { readonly stack: Stack }
  | { readonly document: Document }
);

export const seriesUrl = (study: StudyPlace, seriesUid: string): string =>
  `${study.dicomwebRoot}/studies/${encodeURIComponent(study.studyUid)}/series/${encodeURIComponent(seriesUid)}`;

/** Reads a series' metadata and answers what of it can be opened, in showing order. */
export async function readSeries(study: StudyPlace, row: SeriesRow, signal?: AbortSignal): Promise<Item[]> {
  const base = seriesUrl(study, row.seriesUid);
  const answer = await getJson(`${base}/metadata`, signal);
  const instances = (Array.isArray(answer) ? answer : []).filter(
    (instance): instance is DataSet => typeof instance === "object" && instance !== null,
  );
  const frames = [];
  const documents: Document[] = [];
  for (const instance of instances) {
    const sop = text(instance, "00080018");
    const url = `${base}/instances/${encodeURIComponent(sop)}`;
    const own = hasPixels(instance) ? framesOf(instance, url) : [];
    if (own.length > 0) frames.push(...own);
    else
      documents.push({ key: `${row.seriesUid}/${sop}`, series: row.seriesUid, kind: kindOf(instance), url, instance });
  }
  return [
    ...stacksOf(row.seriesUid, frames).map((stack) => ({ key: stack.key, stack, info: infoOfStack(study, stack) })),
    ...documents.map((document) => ({ key: document.key, document, info: infoOfDocument(study, row, document) })),
  ];
}

/** Objects such as presentation states and plans carry Rows without pixels; pixel data stand behind an address, or the class says so. */
function hasPixels(instance: DataSet): boolean {
  if ("7FE00010" in instance || "7FE00008" in instance || "7FE00009" in instance) return true;
  return "00280010" in instance && "00280011" in instance && "00280100" in instance;
}

function kindOf(instance: DataSet): Document["kind"] {
  if (text(instance, "00080016") === "1.2.840.10008.5.1.4.1.1.104.1") return "pdf";
  if (text(instance, "00420012") === "application/pdf") return "pdf";
  return "0040A730" in instance || text(instance, "0040A040") === "CONTAINER" ? "sr" : "other";
}

function infoOfStack(study: StudyPlace, stack: Stack): StackInfo {
  const first = stack.frames[0];
  const { normal, places } = placesOf(stack.frames);
  return {
    study: study.id,
    series: stack.series,
    count: stack.frames.length,
    modality: first?.modality ?? "",
    normal,
    places,
    frameOfReference: first?.frameOfReference ?? "",
    fps: first?.frameMs === undefined ? undefined : Math.min(60, Math.max(1, Math.round(1000 / first.frameMs))),
  };
}

function infoOfDocument(study: StudyPlace, row: SeriesRow, document: Document): StackInfo {
  return {
    study: study.id,
    series: document.series,
    count: 1,
    modality: row.modality,
    normal: undefined,
    places: [undefined],
    frameOfReference: "",
    fps: undefined,
  };
}
