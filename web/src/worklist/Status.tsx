import {
  IconCircle,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleHalf2,
  IconCirclePlus,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { StudyRow } from "#contract/studies.ts";

const ICONS = {
  none: IconCircle,
  draft: IconCircleDashed,
  preliminary: IconCircleHalf2,
  final: IconCircleCheckFilled,
  addendum: IconCirclePlus,
} as const;

/** The report's state as a shape and a word; the colour only repeats it. */
export function Status({ report }: { report: StudyRow["report"] }) {
  const { t } = useTranslation("worklist");
  const Icon = ICONS[report];
  return (
    <span className="status" data-report={report}>
      <Icon size={15} stroke={2} aria-hidden />
      {t(`status.${report}`)}
    </span>
  );
}

export function Modalities({ codes }: { codes: readonly string[] }) {
  return (
    <span className="mods">
      {codes.slice(0, 2).map((code) => (
        <span key={code} className="mod">
          {code}
        </span>
      ))}
      {codes.length > 2 && <span className="faint">+{codes.length - 2}</span>}
    </span>
  );
}
