import { Button, Checkbox } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { bytes, dicomDate, personName } from "../ui/format.ts";
import { Modalities } from "../worklist/Status.tsx";
import { filesOf, filesToSend, type Plan, type PlannedPatient, type PlannedStudy, studyKey } from "./plan.ts";

/** Whose images these are, before anything leaves this computer; somebody must say that it is the right patient. */
export function UploadPreview({
  plan,
  count,
  onCancel,
  onSend,
}: {
  plan: Plan;
  count: number;
  onCancel: () => void;
  onSend: (chosen: ReadonlySet<string>) => void;
}) {
  const { t } = useTranslation(["upload", "common"]);
  const several = plan.patients.length > 1;
  const all = plan.patients.flatMap((patient) => patient.studies.map((study) => studyKey(patient, study)));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(several ? [] : all));
  const [sure, setSure] = useState(false);
  const files = filesToSend(plan, chosen);
  const toggle = (key: string) =>
    setChosen((before) =>
      before.has(key) ? new Set([...before].filter((one) => one !== key)) : new Set([...before, key]),
    );
  if (plan.patients.length === 0 && plan.whole.length === 0 && plan.unreadable.length === 0)
    return (
      <div className="upload-stack">
        <p>{t("nothing", { count })}</p>
        <Button variant="default" onClick={onCancel}>
          {t("common:close")}
        </Button>
      </div>
    );
  return (
    <div className="upload-stack">
      <h3>{several ? t("preview.several", { count: plan.patients.length }) : t("preview.title")}</h3>
      {several && (
        <p className="upload-warn">
          <IconAlertTriangle size={18} aria-hidden /> {t("preview.severalText")}
        </p>
      )}
      {plan.missing > 0 && (
        <p className="upload-warn">
          <IconAlertTriangle size={18} aria-hidden /> {t("preview.missing", { count: plan.missing })}
        </p>
      )}
      <div className="upload-patients">
        {plan.patients.map((patient) => (
          <Patient key={patient.key} patient={patient} chosen={chosen} onToggle={toggle} />
        ))}
      </div>
      <ul className="upload-rest">
        {plan.whole.length > 0 && (
          <li>
            {t("preview.whole")}: {plan.whole.map((source) => source.path).join(", ")}
          </li>
        )}
        {plan.unreadable.length > 0 && <li>{t("preview.unreadable", { count: plan.unreadable.length })}</li>}
        {plan.ignored.length > 0 && (
          <li>{t("preview.ignored", { count: plan.ignored.length, examples: examples(plan.ignored) })}</li>
        )}
      </ul>
      <Checkbox
        label={t("preview.confirm")}
        checked={sure}
        onChange={(event) => setSure(event.currentTarget.checked)}
      />
      <div className="upload-actions">
        <Button variant="default" onClick={onCancel}>
          {t("common:cancel")}
        </Button>
        <Button
          disabled={!sure || files.length === 0 || chosen.size + plan.whole.length === 0}
          onClick={() => onSend(chosen)}
        >
          {t("preview.start", { count: files.length })}
        </Button>
      </div>
    </div>
  );
}

function Patient({
  patient,
  chosen,
  onToggle,
}: {
  patient: PlannedPatient;
  chosen: ReadonlySet<string>;
  onToggle: (key: string) => void;
}) {
  const { t } = useTranslation("upload");
  return (
    <section className="upload-patient">
      <header>
        <b>{personName(patient.name) || t("preview.unnamed")}</b>
        <span className="mono muted">{patient.id}</span>
        <span className="muted">
          {patient.birthDate ? t("preview.born", { date: dicomDate(patient.birthDate) }) : t("preview.noBirth")}{" "}
          {patient.sex && `· ${patient.sex}`}
        </span>
      </header>
      {patient.studies.map((study) => (
        <Study
          key={study.uid}
          study={study}
          on={chosen.has(studyKey(patient, study))}
          onToggle={() => onToggle(studyKey(patient, study))}
        />
      ))}
    </section>
  );
}

function Study({ study, on, onToggle }: { study: PlannedStudy; on: boolean; onToggle: () => void }) {
  const { t } = useTranslation("upload");
  return (
    <div className="upload-study">
      <Checkbox
        checked={on}
        onChange={onToggle}
        aria-label={t("preview.choose", { study: study.description || study.date })}
      />
      <div>
        <div>
          {study.description || study.modalities.join(", ")} <span className="muted">· {dicomDate(study.date)}</span>
        </div>
        <details>
          <summary className="muted">
            {t("preview.series", { count: study.series.length })} · {t("preview.images", { count: filesOf(study) })} ·{" "}
            {bytes(study.bytes)}
          </summary>
          <ul>
            {study.series.map((series) => (
              <li key={series.uid}>
                {series.modality} {series.description}{" "}
                <span className="faint">· {t("preview.images", { count: series.files.length })}</span>
              </li>
            ))}
          </ul>
        </details>
      </div>
      <Modalities codes={study.modalities} />
    </div>
  );
}

function examples(paths: readonly string[]): string {
  const names = [...new Set(paths.map((path) => path.split("/").at(-1) ?? path))];
  return names.slice(0, 3).join(", ") + (names.length > 3 ? " …" : "");
}
