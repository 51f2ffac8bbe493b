import type { ReactNode } from "react";
import type { StudyRow } from "#contract/studies.ts";
import { dicomDate, dicomTime, moment, number, personName, yearOf } from "../ui/format.ts";
import type { SortKey } from "./filters.ts";
import { Modalities, Status } from "./Status.tsx";

/** The list's columns in order. `width` is a grid track; `from` hides a column in a list narrower than that many pixels. */
export type Column = {
  key:
    | "status"
    | "patient"
    | "id"
    | "born"
    | "study"
    | "modality"
    | "date"
    | "clinic"
    | "priors"
    | "images"
    | "accession"
    | "shared"
    | "arrived";
  sort?: SortKey;
  width: string;
  from: number;
  numeric?: boolean;
  cell: (row: StudyRow, words: CellWords) => ReactNode;
};
export type CellWords = { noName: string; noDescription: string; arriving: string };

const quiet = (text: ReactNode) => <span className="muted">{text}</span>;

export const COLUMNS: readonly Column[] = [
  { key: "status", width: "116px", from: 0, cell: (row) => <Status report={row.report} /> },
  {
    key: "patient",
    sort: "patient",
    width: "minmax(150px, 1.3fr)",
    from: 0,
    cell: (row, words) => (
      <span className="cell-patient">{personName(row.patientName) || <i className="faint">{words.noName}</i>}</span>
    ),
  },
  {
    key: "id",
    width: "minmax(96px, 0.8fr)",
    from: 560,
    cell: (row) => <span className="mono muted">{row.patientId}</span>,
  },
  { key: "born", width: "52px", from: 760, cell: (row) => quiet(yearOf(row.birthDate)) },
  {
    key: "study",
    sort: "description",
    width: "minmax(150px, 1.7fr)",
    from: 0,
    cell: (row, words) => row.description || <i className="faint">{words.noDescription}</i>,
  },
  { key: "modality", width: "84px", from: 0, cell: (row) => <Modalities codes={row.modalities} /> },
  {
    key: "date",
    sort: "date",
    width: "142px",
    from: 480,
    cell: (row) => (
      <span>
        {dicomDate(row.studyDate)} <span className="faint">{dicomTime(row.studyTime)}</span>
      </span>
    ),
  },
  { key: "clinic", width: "minmax(100px, 1fr)", from: 700, cell: (row) => quiet(row.ownerName) },
  { key: "accession", width: "104px", from: 1240, cell: (row) => <span className="mono muted">{row.accession}</span> },
  { key: "priors", width: "52px", from: 900, numeric: true, cell: (row) => quiet(row.priors || "–") },
  {
    key: "images",
    width: "74px",
    from: 620,
    numeric: true,
    cell: (row, words) => (
      <span className="muted">
        {isArriving(row) && <span className="arriving" role="img" aria-label={words.arriving} title={words.arriving} />}
        {number(row.instanceCount)}
      </span>
    ),
  },
  { key: "shared", width: "62px", from: 1080, numeric: true, cell: (row) => quiet(row.shared || "–") },
  { key: "arrived", sort: "arrived", width: "112px", from: 980, cell: (row) => quiet(moment(row.arrivedAt)) },
];

/** A study that grew in the last seconds is still on its way. */
export function isArriving(row: StudyRow): boolean {
  return Date.now() - Date.parse(row.updatedAt) < 12_000;
}
