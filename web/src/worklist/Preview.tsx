import { Button, Menu, Tooltip } from "@mantine/core";
import { IconDots, IconShare3 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { StudyDetail, StudyRow } from "#contract/studies.ts";
import { useSession } from "../session.ts";
import { imagesOf } from "../study/pictured.ts";
import { ageInYears, bytes, dicomDate, dicomTime, moment, personName } from "../ui/format.ts";
import { sayBecause } from "../words/say.ts";
import { studyQuery } from "./queries.ts";
import { Status } from "./Status.tsx";
import { Thumbnails } from "./Thumbnails.tsx";

type Props = { row: StudyRow | undefined; onOpen: (row: StudyRow) => void; onShare: (row: StudyRow) => void };

/** What a study is before it is opened: pictures, facts, and why one sees it. */
export function Preview({ row, onOpen, onShare }: Props) {
  const { t } = useTranslation("worklist");
  const detail = useQuery({ ...studyQuery(row?.owner ?? "", row?.id ?? ""), enabled: row !== undefined });
  if (!row)
    return (
      <aside className="preview" aria-label={t("preview.label")}>
        <p className="faint">{t("preview.nothing")}</p>
      </aside>
    );
  const study = detail.data?.id === row.id ? detail.data : undefined;
  return (
    <aside className="preview" aria-label={t("preview.label")}>
      <div>
        <h2>{personName(row.patientName) || t("noName")}</h2>
        <p className="muted preview-sub">
          {row.description || t("noDescription")} · {dicomDate(row.studyDate)} {dicomTime(row.studyTime)}
        </p>
      </div>
      <Thumbnails row={row} series={study?.series} />
      <span className="seal">{t("preview.sealed", { date: moment(row.arrivedAt) })}</span>
      <Facts row={row} study={study} />
      <Actions row={row} study={study} onOpen={onOpen} onShare={onShare} />
    </aside>
  );
}

function Facts({ row, study }: { row: StudyRow; study: StudyDetail | undefined }) {
  const { t } = useTranslation(["worklist", "common"]);
  const age = ageInYears(row.birthDate, row.studyDate);
  const priors = study?.priorStudies ?? [];
  return (
    <dl className="facts">
      <dt>{t("preview.born")}</dt>
      <dd>
        {dicomDate(row.birthDate) || "–"}
        {age !== undefined && <span className="muted"> · {t("preview.years", { count: age })}</span>}
        {row.sex && <span className="muted"> · {row.sex}</span>}
      </dd>
      <dt>{t("column.id")}</dt>
      <dd>
        <span className="mono">{row.patientId || "–"}</span>
        {study !== undefined && study.namesakes > 0 && (
          <p className="preview-namesakes" role="note">
            {t("preview.namesakes", { count: study.namesakes })}
          </p>
        )}
      </dd>
      {row.referringPhysician && (
        <>
          <dt>{t("preview.referrer")}</dt>
          <dd>{personName(row.referringPhysician)}</dd>
        </>
      )}
      {row.accession && (
        <>
          <dt>{t("preview.accession")}</dt>
          <dd className="mono">{row.accession}</dd>
        </>
      )}
      <dt>{t("preview.clinic")}</dt>
      <dd>{row.ownerName}</dd>
      <dt>{t("preview.content")}</dt>
      <dd>
        {t("common:images", { count: study ? imagesOf(study) : row.instanceCount })} ·{" "}
        {t("preview.series", { count: row.seriesCount })} <span className="muted">· {bytes(row.bytes)}</span>
      </dd>
      <dt>{t("preview.report_")}</dt>
      <dd>
        <Status report={row.report} />
      </dd>
      <dt>{t("preview.priors")}</dt>
      <dd>
        {priors.length === 0 ? (
          <span className="muted">{row.priors > 0 ? row.priors : t("preview.noPriors")}</span>
        ) : (
          priors.slice(0, 3).map((prior) => (
            <div key={prior.id}>
              {prior.description || t("noDescription")} <span className="muted">· {dicomDate(prior.studyDate)}</span>
            </div>
          ))
        )}
      </dd>
      {study && (
        <>
          <dt>{t("preview.basis")}</dt>
          <dd>{sayBecause(study.basis || study.can.view.because)}</dd>
        </>
      )}
    </dl>
  );
}

function Actions({ row, study, onOpen, onShare }: Props & { row: StudyRow; study: StudyDetail | undefined }) {
  const { t } = useTranslation("worklist");
  const session = useSession();
  const reads = study ? study.can.report.allowed : session.can.report;
  const share = study?.can.share;
  const signed = row.report === "final" || row.report === "addendum" || row.report === "preliminary";
  return (
    <div className="preview-actions">
      <Button
        style={{ flex: 1 }}
        onClick={() => onOpen(row)}
        disabled={study?.can.view.allowed === false}
        rightSection={<kbd className="kbd kbd-on">↵</kbd>}
      >
        {reads ? t("preview.read") : t("preview.view")}
      </Button>
      <Tooltip label={share ? sayBecause(share.because) : ""} disabled={share?.allowed !== false} multiline w={240}>
        <Button
          variant="default"
          leftSection={<IconShare3 size={16} aria-hidden />}
          {...(share?.allowed === false ? { "data-disabled": true } : {})}
          aria-disabled={share?.allowed === false}
          onClick={() => {
            if (share?.allowed !== false) onShare(row);
          }}
        >
          {t("preview.share")}
        </Button>
      </Tooltip>
      <Menu position="top-end">
        <Menu.Target>
          <Button variant="default" px={10} aria-label={t("preview.more")}>
            <IconDots size={16} aria-hidden />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {signed && (
            <Menu.Item
              component="a"
              href={`/api/studies/${row.owner}/${row.id}/report.pdf`}
              target="_blank"
              rel="noreferrer"
            >
              {t("preview.reportPdf")}
            </Menu.Item>
          )}
          <Menu.Item onClick={() => void navigator.clipboard.writeText(row.studyUid)}>{t("preview.copyUid")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
