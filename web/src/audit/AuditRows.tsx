import { IconAlertTriangle, IconCheck, IconChevronRight, IconX } from "@tabler/icons-react";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AuditRow } from "#contract/audit.ts";
import { Refused } from "../api.ts";
import { clock, day, personName } from "../ui/format.ts";
import { saveFile } from "../ui/save-file.ts";
import { sayBecause, sayCode, sayRefusal } from "../words/say.ts";
import { inclusionProof } from "./queries.ts";

const ICON = { done: IconCheck, refused: IconX, failed: IconAlertTriangle } as const;

/** The record by days, newest first; a row opens to its detail and its proof. */
export function AuditRows({ rows, waiting }: { rows: readonly AuditRow[]; waiting: boolean }) {
  const { t } = useTranslation("admin");
  const [open, setOpen] = useState<string>();
  if (rows.length === 0) return waiting ? null : <p className="page-empty muted">{t("audit.none")}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <section className="page-table" aria-label={t("audit.title")} tabIndex={0}>
      <table className="audit-table">
        <thead>
          <tr>
            <th scope="col">{t("audit.at")}</th>
            <th scope="col">{t("audit.who")}</th>
            <th scope="col">{t("audit.what")}</th>
            <th scope="col">{t("audit.whose")}</th>
            <th scope="col">{t("audit.right")}</th>
            <th scope="col" data-numeric>
              {t("audit.leaf")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <Fragment key={row.id}>
              {dayOf(row) !== dayOf(rows[index - 1]) && (
                <tr className="audit-day">
                  <th scope="rowgroup" colSpan={6}>
                    {dayOf(row)}
                  </th>
                </tr>
              )}
              <Row row={row} open={open === row.id} onToggle={() => setOpen(open === row.id ? undefined : row.id)} />
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const dayOf = (row: AuditRow | undefined) => (row ? day(row.at) : "");

function Row({ row, open, onToggle }: { row: AuditRow; open: boolean; onToggle: () => void }) {
  const { t } = useTranslation(["admin", "common"]);
  const Icon = ICON[row.outcome];
  const action = sayCode("audit:action", row.action) ?? row.action;
  return (
    <>
      <tr data-outcome={row.outcome}>
        <td>
          <button
            type="button"
            className="audit-open"
            aria-expanded={open}
            aria-label={`${t("audit.detail")}: ${action}, ${clock(row.at)}`}
            onClick={onToggle}
          >
            <IconChevronRight size={14} aria-hidden /> {clock(row.at)}
          </button>
        </td>
        <td>
          {row.actorName}
          <small>{t(`audit.actorKind.${row.actorKind as "person"}`, { defaultValue: row.actorKind })}</small>
        </td>
        <td>
          <span className="audit-what">
            <Icon size={15} aria-hidden />
            <span>
              {action}
              {row.outcome !== "done" && <b> · {t(`audit.outcome.${row.outcome}`)}</b>}
            </span>
          </span>
        </td>
        <td>
          {row.patientName ? personName(row.patientName) : "–"}
          {row.studyDescription && <small>{row.studyDescription}</small>}
        </td>
        <td>
          {row.purpose ? t(`common:purpose.${row.purpose}`) : "–"}
          <small>{sayCode("audit:because", row.because) ?? sayBecause(row.because)}</small>
        </td>
        <td data-numeric className="mono">
          {row.leaf ?? <span className="faint">{t("audit.waiting")}</span>}
        </td>
      </tr>
      {open && (
        <tr className="audit-detail">
          <td colSpan={6}>
            <dl>
              {Object.entries(row.detail).map(([name, value]) => (
                <Fragment key={name}>
                  <dt>{name}</dt>
                  <dd className="mono">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
                </Fragment>
              ))}
              <dt>ID</dt>
              <dd className="mono">{row.id}</dd>
            </dl>
            {row.leaf !== null && <Proof row={row} />}
          </td>
        </tr>
      )}
    </>
  );
}

/** Hands out the proof that this entry is in the signed tree. The newest entries wait for their checkpoint. */
function Proof({ row }: { row: AuditRow }) {
  const { t } = useTranslation("admin");
  const [problem, setProblem] = useState<string>();
  const save = async () => {
    setProblem(undefined);
    try {
      const proof = await inclusionProof(row.id);
      saveFile(`proof-${row.leaf}.json`, JSON.stringify(proof, null, 2), "application/json");
    } catch (thrown) {
      const waits = thrown instanceof Refused && thrown.code === "state.conflict";
      setProblem(waits ? t("audit.proofWaits") : sayRefusal(thrown));
    }
  };
  return (
    <>
      <button type="button" className="audit-proof" onClick={() => void save()}>
        {t("audit.proof")} ↓
      </button>
      {problem && (
        <p role="alert" className="muted">
          {problem}
        </p>
      )}
    </>
  );
}
