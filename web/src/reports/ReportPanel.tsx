import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Report } from "#contract/studies.ts";
import { moment } from "../ui/format.ts";
import { sayBecause, sayRefusal } from "../words/say.ts";
import { keepUnsaved, pdfUrl, reportQuery, type Unsaved, unsavedOf } from "./queries.ts";
import { ReportEditor } from "./ReportEditor.tsx";
import { Sections } from "./Sections.tsx";
import { TheirDraft } from "./TheirDraft.tsx";
import { Versions } from "./Versions.tsx";
import "./report.css";

/** The report beside the images: written here, signed here, read here. */
export function ReportPanel({ owner, id, title }: { owner: string; id: string; title: string }) {
  const { t } = useTranslation("reports");
  const queries = useQueryClient();
  const { data: report, error } = useQuery(reportQuery(owner, id));
  const [adding, setAdding] = useState(false);
  const again = () => {
    void queries.invalidateQueries({ queryKey: ["report", owner, id] });
    void queries.invalidateQueries({ queryKey: ["studies"] });
    void queries.invalidateQueries({ queryKey: ["study", owner, id] });
  };
  const signed = () => {
    setAdding(false);
    again();
  };
  const keep = (unsaved: Unsaved | undefined) => {
    keepUnsaved(queries, owner, id, unsaved);
    if (unsaved) notifications.show({ message: t("unsavedKept"), color: "red" });
  };
  if (error)
    return (
      <section className="report">
        <p className="faint">{sayRefusal(error)}</p>
      </section>
    );
  if (!report) return <section className="report" aria-busy="true" />;
  const fixed = report.status === "final" || report.status === "addendum";
  const unsaved = unsavedOf(queries, owner, id);
  const writes = unsaved !== undefined || (report.can.edit.allowed && (!fixed || adding));
  return (
    <section className="report" aria-label={t("title")}>
      {writes ? (
        <ReportEditor
          key={`${report.versions.at(-1)?.version} ${adding}`} // a signature begins anew; drafts come and go beneath what is typed
          owner={owner}
          id={id}
          title={title}
          report={report}
          addendum={fixed}
          unsaved={unsaved}
          onUnsaved={keep}
          onSigned={signed}
          onMoved={again}
          onCancel={() => setAdding(false)}
        />
      ) : (
        <ReportReading
          owner={owner}
          id={id}
          title={title}
          report={report}
          onChange={again}
          onAddendum={fixed && report.can.edit.allowed ? () => setAdding(true) : undefined}
        />
      )}
    </section>
  );
}

function ReportReading({
  owner,
  id,
  title,
  report,
  onChange,
  onAddendum,
}: {
  owner: string;
  id: string;
  title: string;
  report: Report;
  onChange: () => void;
  onAddendum: (() => void) | undefined;
}) {
  const { t } = useTranslation("reports");
  const nothing = report.status === "none";
  const theirs = report.draft && !report.draft.mine ? report.draft : null;
  const drafted = report.status === "draft" || (theirs !== null && report.version === theirs.version);
  return (
    <>
      <header className="report-head">
        <b>{title}</b>
        <span className="report-chip">{t(`status.${report.status}`)}</span>
      </header>
      <div className="report-text">
        {nothing && <p className="muted">{t("notYet")}</p>}
        {!nothing && !drafted && <Sections text={report.text} />}
        {report.signedAt && (
          <p className="muted report-signed">{t("signedBy", { author: report.author, at: moment(report.signedAt) })}</p>
        )}
        {theirs && <TheirDraft owner={owner} id={id} draft={theirs} may={report.can.takeOver} onTaken={onChange} />}
        <Versions report={report} />
        {!report.can.edit.allowed && nothing && (
          <p className="faint">{t("readOnly", { because: sayBecause(report.can.edit.because) })}</p>
        )}
      </div>
      <footer className="report-foot">
        {report.signedAt && (
          <Button component="a" variant="default" href={pdfUrl(owner, id)} target="_blank" rel="noreferrer">
            {t("pdf")}
          </Button>
        )}
        {onAddendum && (
          <Button variant="default" onClick={onAddendum}>
            {report.draft ? t("addendumGoOn") : t("addendum")}
          </Button>
        )}
      </footer>
    </>
  );
}
