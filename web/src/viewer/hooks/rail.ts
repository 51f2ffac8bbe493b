import type { SeriesRow, StudyDetail, StudyRow } from "#contract/studies.ts";
import { hasPicture, kindOfSeries, type SeriesKind } from "../../study/pictured.ts";
import { projectionName } from "../model/corners.ts";
import { isEarlier } from "../model/prior.ts";
import { seriesUrl } from "../source/series.ts";
import { type SeriesState, type StudySeries, seriesId } from "./useSeries.ts";

/** What the rail shows of one study: its day and its tiles. */
export type RailGroup = {
  readonly study: string;
  readonly date: string;
  readonly description: string;
  /** How it stands in time to the study that is open. */
  readonly when: "now" | "before" | "after";
  readonly shared: boolean;
  readonly tiles: readonly Tile[];
};
export type Tile = {
  readonly id: string;
  /** The stack it opens; undefined while its series is not read yet. */
  readonly stack: string | undefined;
  readonly series: string;
  readonly modality: string;
  readonly name: string;
  readonly count: number;
  readonly thumbnail: string | undefined;
  /** What it is when there is no picture of it. */
  readonly kind: SeriesKind;
  readonly failed: boolean;
};

/** The rail's groups: this study's series, then each prior's. */
export function railOf(detail: StudyDetail, source: StudySeries): RailGroup[] {
  const own: RailGroup = {
    study: detail.id,
    date: detail.studyDate,
    description: "",
    when: "now",
    shared: true,
    tiles: detail.series.flatMap((row) => tilesOf(detail, row, source.series.get(seriesId(detail.id, row.seriesUid)))),
  };
  return [own, ...detail.priorStudies.map((prior) => otherGroup(prior, detail, source))];
}

function otherGroup(prior: StudyRow, present: StudyDetail, source: StudySeries): RailGroup {
  const detail = source.priors.get(prior.id);
  return {
    study: prior.id,
    date: prior.studyDate,
    description: prior.description,
    when: isEarlier(present, prior) ? "after" : "before",
    shared: detail !== null && detail?.can.view.allowed !== false,
    tiles: detail?.can.view.allowed
      ? detail.series.flatMap((row) => tilesOf(detail, row, source.series.get(seriesId(detail.id, row.seriesUid))))
      : [],
  };
}

function tilesOf(study: StudyDetail, row: SeriesRow, state: SeriesState | undefined): Tile[] {
  const base = seriesUrl(study, row.seriesUid);
  const plain = {
    series: row.seriesUid,
    modality: row.modality,
    name: row.description || row.bodyPart || row.modality,
    failed: state === "failed",
  };
  if (typeof state !== "object") {
    return [
      {
        ...plain,
        id: row.seriesUid,
        stack: undefined,
        count: row.frames || row.instanceCount,
        thumbnail: hasPicture(row) ? `${base}/thumbnail` : undefined,
        kind: kindOfSeries(row),
      },
    ];
  }
  return state.items.map((item) => {
    const one = state.items.length === 1 ? `${base}/thumbnail` : undefined;
    if ("document" in item) {
      const kind = KINDS[item.document.kind];
      return { ...plain, id: item.key, stack: item.key, count: 1, thumbnail: undefined, kind };
    }
    const middle = item.stack.frames[Math.floor((item.stack.frames.length - 1) / 2)];
    const first = item.stack.frames[0];
    const name = (first && projectionName(first)) || plain.name;
    return {
      ...plain,
      name,
      id: item.key,
      stack: item.key,
      count: item.info.count,
      thumbnail: one ?? (middle && `${middle.url}/thumbnail`),
      kind: "image",
    };
  });
}

const KINDS = { sr: "report", pdf: "document", other: "object" } as const;
