import type { ReactNode } from "react";

import { useTranslation } from "react-i18next";
import type { StudyRow } from "#contract/studies.ts";

const ring = <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.6" />;

/** An empty ring, a dotted one, half full, full with a tick, with a plus. */
const SHAPES: Record<StudyRow["report"], ReactNode> = {
  none: ring,
  draft: <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.2 1.73" />,
  preliminary: (
    <>
      {ring}
      <path d="M7 2a5 5 0 0 1 0 10z" fill="currentColor" />
    </>
  ),
  final: (
    <>
      <circle cx="7" cy="7" r="5.8" fill="currentColor" />
      <path d="M4.4 7.2l1.8 1.8 3.4-3.8" fill="none" stroke="var(--bg)" strokeWidth="1.6" />
    </>
  ),
  addendum: (
    <>
      {ring}
      <path d="M7 4.6v4.8M4.6 7h4.8" stroke="currentColor" strokeWidth="1.6" />
    </>
  ),
};

/** The report's state as a shape and a word; the colour only repeats it. */
export function Status({ report }: { report: StudyRow["report"] }) {
  const { t } = useTranslation("worklist");
  return (
    <span className="status" data-report={report}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        {SHAPES[report]}
      </svg>
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
