import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNow } from "../ui/useNow.ts";
import { frameUrl, type LinkStudy, pageUrl, thumbnailUrl } from "./client.ts";
import { Images } from "./Images.tsx";
import { LanguagePick } from "./LanguagePick.tsx";
import { Leave } from "./Leave.tsx";
import { plainName, sameName } from "./names.ts";
import { OrganisationMark } from "./OrganisationMark.tsx";
import type { Pictures } from "./pictures.ts";
import type { Place } from "./places.ts";
import { coverOf, imageCount, plainKind, positionsOf } from "./positions.ts";
import { ReportView } from "./ReportView.tsx";
import { longDay, partOfDay, studyDay } from "./when.ts";

const LINK_PICTURES: Pictures = { thumbnail: thumbnailUrl, frame: frameUrl, page: pageUrl };

type Props = {
  study: LinkStudy;
  pictures?: Pictures;
  /** The earlier study that is shown, by its id; undefined for the one the link is for. */
  prior?: string | undefined;
  /** False in the sender's preview: everything is in its place, nothing opens. */
  live: boolean;
  /** What of it is open: its report, its images from one on, or itself. */
  view?: Place["view"];
  onView?: (view: NonNullable<Place["view"]>) => void;
  onPrior?: (prior: string) => void;
  /** One step back: from the report or the images to the study, from an earlier study to the one the link is for. */
  onBack?: () => void;
  onForget: () => void;
  onClosed: () => void;
};

/** The recipient's page: the images, the report, and plain words about both. */
export function StudyView({
  study,
  pictures = LINK_PICTURES,
  prior,
  live,
  view,
  onView,
  onPrior,
  onBack,
  onForget,
  onClosed,
}: Props) {
  const { t } = useTranslation("portal");
  const [leaving, setLeaving] = useState(false);
  const count = imageCount(study);
  const cover = coverOf(study);
  const back = () => onBack?.();
  const open = (next: NonNullable<Place["view"]>) => live && onView?.(next);
  if (view === "report" && study.report === "available")
    return <ReportView study={study} prior={prior} onBack={back} onClosed={onClosed} />;
  return (
    <main className="portal">
      <div className="portal-top">
        {prior !== undefined ? (
          <button type="button" className="portal-text portal-back" onClick={back}>
            ‹ {t("report.back")}
          </button>
        ) : (
          <OrganisationMark organisation={study.organisation} />
        )}
        <LanguagePick offered={study.organisation.languages} />
      </div>
      <Greeting study={study} earlier={prior !== undefined} />
      <section className="portal-box">
        {cover && (
          <button type="button" className="portal-cover" onClick={() => open(cover)}>
            <Cover study={study} cover={cover} pictures={pictures} />
            <span>{t("study.lookAll", { count })}</span>
          </button>
        )}
        <div className="portal-inside">
          <div>
            <h2>{study.description || t(`kind.${plainKind(study.modalities)}`)}</h2>
            <p className="muted portal-small">
              {studyDay(study.studyDate)} · {study.organisation.name}
            </p>
          </div>
          <p>
            {study.report === "available"
              ? t("study.reportReady")
              : study.report === "none"
                ? t(prior === undefined ? "study.reportNone" : "study.reportNoneEarlier")
                : t("study.reportNotShared")}
          </p>
          <details className="portal-what">
            <summary>{t("what.ask")}</summary>
            <p>{t(`what.${plainKind(study.modalities)}`)}</p>
          </details>
          {study.report === "available" && (
            <button type="button" className="portal-button portal-primary" onClick={() => open("report")}>
              {t("study.readReport")}
            </button>
          )}
          {cover && (
            <button
              type="button"
              className={study.report === "available" ? "portal-button" : "portal-button portal-primary"}
              onClick={() => open(cover)}
            >
              {t("study.look")}
            </button>
          )}
          {study.rights.includes("download") && (
            <button type="button" className="portal-button" onClick={() => live && setLeaving(true)}>
              {t("study.download")}
            </button>
          )}
        </div>
      </section>
      <Documents
        study={study}
        shown={prior}
        onPrior={(prior) => live && onPrior?.(prior)}
        onOpen={(series, at) => open({ series, at })}
      />
      <section className="portal-box portal-list">
        <Row title={t("study.ends", { date: longDay(study.endsAt) })} text={t("study.endsText")} />
        <Row title={t("study.seen")} text={t("study.seenText")} />
        <button type="button" onClick={() => live && onForget()}>
          <Row title={t("study.forget")} text={t("study.forgetText")} arrow />
        </button>
      </section>
      {typeof view === "object" && (
        <Images study={study} start={view} pictures={pictures} onClose={back} onClosed={onClosed} />
      )}
      {leaving && <Leave onClose={() => setLeaving(false)} />}
    </main>
  );
}

function Greeting({ study, earlier }: { study: LinkStudy; earlier: boolean }) {
  const { t } = useTranslation("portal");
  const now = useNow();
  const patient = plainName(study.patientName);
  const forPatient = sameName(study.recipient, study.patientName);
  if (earlier) {
    return (
      <div>
        <h1>{t("study.earlier", { date: studyDay(study.studyDate) })}</h1>
        {!forPatient && <p className="muted portal-small">{patient}</p>}
      </div>
    );
  }
  if (forPatient)
    return <h1>{t(`study.${partOfDay(new Date(now).getHours())}`, { name: patient.split(" ")[0] ?? patient })}</h1>;
  return (
    <div>
      <h1>{t("study.other", { patient })}</h1>
      <p className="muted portal-small">{t("study.otherFor", { recipient: study.recipient })}</p>
    </div>
  );
}

function Cover({
  study,
  cover,
  pictures,
}: {
  study: LinkStudy;
  cover: { series: number; at: number };
  pictures: Pictures;
}) {
  const series = study.series[cover.series];
  const position = series && positionsOf(series)[cover.at];
  return position ? (
    <img src={pictures.thumbnail(position.instance)} alt={series.description} draggable={false} />
  ) : null;
}

type DocumentsProps = {
  study: LinkStudy;
  shown: string | undefined;
  onPrior: (prior: string) => void;
  onOpen: (series: number, at: number) => void;
};

function Documents({ study, shown, onPrior, onOpen }: DocumentsProps) {
  const { t } = useTranslation("portal");
  const documents = study.series.flatMap((series, index) =>
    series.instances.every((instance) => instance.kind !== "document") ? [] : [{ series, index }],
  );
  const priors = study.priors.filter(({ id }) => id !== shown);
  if (documents.length === 0 && priors.length === 0) return null;
  return (
    <section className="portal-box portal-list">
      {documents.map(({ series, index }) => (
        <button
          key={series.id}
          type="button"
          onClick={() =>
            onOpen(
              index,
              positionsOf(series).findIndex((position) => position.kind === "document"),
            )
          }
        >
          <Row title={series.description || t("study.documents")} text={t("study.document")} arrow />
        </button>
      ))}
      {priors.map((prior) => (
        <button key={prior.id} type="button" onClick={() => onPrior(prior.id)}>
          <Row
            title={prior.description || t("study.priors")}
            text={t("study.earlier", { date: studyDay(prior.studyDate) })}
            arrow
          />
        </button>
      ))}
    </section>
  );
}

function Row({ title, text, arrow = false }: { title: string; text: string; arrow?: boolean }) {
  return (
    <div className="portal-row">
      <div>
        {title}
        <small>{text}</small>
      </div>
      {arrow && <span aria-hidden="true">›</span>}
    </div>
  );
}
