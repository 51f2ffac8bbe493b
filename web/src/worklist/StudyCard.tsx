// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by the virtual list, which a table element cannot do
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid is the one tab stop and names its active row
import { useTranslation } from "react-i18next";
import type { StudyRow } from "#contract/studies.ts";
import { dicomDate, personName, yearOf } from "../ui/format.ts";
import type { CellWords } from "./columns.tsx";
import { Modalities, Status } from "./Status.tsx";

/** A row of the list on a phone: two lines, the same facts in the same order. */
export function StudyCard({ row, words }: { row: StudyRow; words: CellWords }) {
  const { t } = useTranslation(["worklist", "common"]);
  return (
    <div role="gridcell" className="study-card">
      <div className="study-card-top">
        <b>{personName(row.patientName) || words.noName}</b>
        <span className="muted">{yearOf(row.birthDate)}</span>
        <Modalities codes={row.modalities} />
      </div>
      <div className="study-card-mid">{row.description || words.noDescription}</div>
      <div className="study-card-low">
        <Status report={row.report} />
        <span>{dicomDate(row.studyDate)}</span>
        <span>{row.ownerName}</span>
        <span>{t("common:images", { count: row.instanceCount })}</span>
      </div>
    </div>
  );
}
