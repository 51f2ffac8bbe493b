import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Refused } from "../api.ts";
import { type LinkStudy, type ReportForPatient, report as reportOf, reportPdf } from "./client.ts";
import { LanguagePick } from "./LanguagePick.tsx";
import { troubleOf } from "./trouble.ts";
import { longDay, studyDay } from "./when.ts";

const SECTIONS = ["findings", "indication", "comparison"] as const;

/** The report with what matters first, and a sentence that calms. */
export function ReportView({
  study,
  prior,
  onBack,
  onClosed,
}: {
  study: LinkStudy;
  /** The earlier study whose report it is; undefined for the one the link is for. */
  prior: string | undefined;
  onBack: () => void;
  onClosed: () => void;
}) {
  const { t } = useTranslation("portal");
  const [report, setReport] = useState<ReportForPatient>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    reportOf(prior).then(setReport, (thrown: unknown) => {
      if (thrown instanceof Refused && thrown.code === "link.closed") onClosed();
      else setProblem(thrown);
    });
  }, [prior, onClosed]);
  return (
    <main className="portal">
      <div className="portal-top">
        <button type="button" className="portal-text portal-back" onClick={onBack}>
          ‹ {t("report.back")}
        </button>
        <LanguagePick offered={study.organisation.languages} />
      </div>
      <div>
        <h1>{t("report.title")}</h1>
        <p className="muted portal-small">
          {study.description} · {studyDay(study.studyDate)}
        </p>
      </div>
      {problem !== undefined && <p className="portal-error">{troubleOf(problem, t)}</p>}
      {report && (
        <article className="portal-box portal-report">
          {report.status === "preliminary" && <p className="portal-note">{t("report.preliminary")}</p>}
          {report.text.impression && (
            <section className="portal-short">
              <h2>{t("report.short")}</h2>
              <Text text={report.text.impression} />
            </section>
          )}
          {SECTIONS.map(
            (name) =>
              report.text[name] && (
                <section key={name}>
                  <h2>{t(`report.${name}`)}</h2>
                  <Text text={report.text[name]} />
                </section>
              ),
          )}
          {report.signedAt && (
            <p className="muted portal-small">
              {t("report.signed", { author: report.author, date: longDay(report.signedAt) })}
            </p>
          )}
        </article>
      )}
      <p className="muted">{t("report.talk")}</p>
      {report && (
        <a className="portal-button" href={reportPdf(prior)} target="_blank" rel="noreferrer">
          {t("report.pdf")}
        </a>
      )}
    </main>
  );
}

function Text({ text }: { text: string }) {
  return text.split(/\n+/).map((line, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines of a fixed text
    <p key={index}>{line}</p>
  ));
}
