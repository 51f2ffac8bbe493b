import type { ReactNode } from "react";
import type { StudyRow } from "#contract/studies.ts";
import { dicomDate, dicomTime, moment, number, personName, yearOf } from "../ui/format.ts";
import type { SortKey } from "./filters.ts";
import { Modalities, Status } from "./Status.tsx";

/** The list's columns in order. Each has a least width and a share of what is left; the highest `rank` goes first when room is short. */
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
  least: number;
  share: number;
  rank: number;
  numeric?: boolean;
  cell: (row: StudyRow, words: CellWords) => ReactNode;
};
export type CellWords = { noName: string; noDescription: string; arriving: string };

const GAP = 14;
const SIDES = 44;
const quiet = (text: ReactNode) => <span className="muted">{text}</span>;

const COLUMNS: readonly Column[] = [
  { key: "status", sort: "status", least: 100, share: 0, rank: 0, cell: (row) => <Status report={row.report} /> },
  {
    key: "patient",
    sort: "patient",
    least: 128,
    share: 1.2,
    rank: 0,
    cell: (row, words) => (
      <span className="cell-patient">{personName(row.patientName) || <i className="faint">{words.noName}</i>}</span>
    ),
  },
  {
    key: "id",
    sort: "id",
    least: 78,
    share: 0.5,
    rank: 4,
    cell: (row) => <span className="mono muted">{row.patientId}</span>,
  },
  { key: "born", sort: "birth", least: 40, share: 0, rank: 5, cell: (row) => quiet(yearOf(row.birthDate)) },
  {
    key: "study",
    sort: "description",
    least: 140,
    share: 1.6,
    rank: 0,
    cell: (row, words) => row.description || <i className="faint">{words.noDescription}</i>,
  },
  { key: "modality", least: 66, share: 0, rank: 0, cell: (row) => <Modalities codes={row.modalities} /> },
  {
    key: "date",
    sort: "date",
    least: 88,
    share: 0,
    rank: 1,
    cell: (row) => <span title={dicomTime(row.studyTime)}>{dicomDate(row.studyDate)}</span>,
  },
  { key: "clinic", least: 118, share: 0.9, rank: 3, cell: (row) => quiet(row.ownerName) },
  {
    key: "accession",
    sort: "accession",
    least: 82,
    share: 0.3,
    rank: 9,
    cell: (row) => <span className="mono muted">{row.accession}</span>,
  },
  { key: "priors", least: 38, share: 0, rank: 6, numeric: true, cell: (row) => quiet(row.priors || "–") },
  {
    key: "images",
    sort: "images",
    least: 52,
    share: 0,
    rank: 2,
    numeric: true,
    cell: (row, words) => (
      <span className="muted">
        {isArriving(row) && <span className="arriving" role="img" aria-label={words.arriving} title={words.arriving} />}
        {number(row.instanceCount)}
      </span>
    ),
  },
  { key: "shared", least: 46, share: 0, rank: 8, numeric: true, cell: (row) => quiet(row.shared || "–") },
  { key: "arrived", sort: "arrived", least: 96, share: 0, rank: 7, cell: (row) => quiet(moment(row.arrivedAt)) },
];

/** As many columns as fit into so many pixels, in their order. */
export function columnsFor(width: number): Column[] {
  const fitting = [...COLUMNS];
  const needed = () => SIDES + fitting.reduce((sum, column) => sum + column.least + GAP, -GAP);
  while (needed() > width) {
    const least = fitting.reduce((worst, column) => (column.rank > worst.rank ? column : worst));
    if (least.rank === 0) break;
    fitting.splice(fitting.indexOf(least), 1);
  }
  return fitting;
}

export const tracksOf = (columns: readonly Column[]): string =>
  columns.map(({ least, share }) => (share > 0 ? `minmax(${least}px, ${share}fr)` : `${least}px`)).join(" ");

/** A study that grew in the last seconds is still on its way. */
export function isArriving(row: StudyRow): boolean {
  return Date.now() - Date.parse(row.updatedAt) < 12_000;
}
