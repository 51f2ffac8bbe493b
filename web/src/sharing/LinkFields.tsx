import { Button, NumberInput, PasswordInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PURPOSES, type Purpose } from "#contract/words.ts";
import { day } from "../ui/format.ts";
import { useNow } from "../ui/useNow.ts";
import { type Draft, makePassword } from "./proposal.ts";

type Props = { draft: Draft; onChange: (part: Partial<Draft>) => void };

const SHAREABLE: readonly Purpose[] = PURPOSES.filter(
  (purpose) => !["emergency", "audit", "operations"].includes(purpose),
);

export function LinkFields({ draft, patientName, onChange }: Props & { patientName: string }) {
  const { t } = useTranslation("sharing");
  const forPatient = (toPatient: boolean) =>
    onChange(
      toPatient
        ? { toPatient, recipient: patientName, purpose: "patient-request", challenge: "birth-date", download: false }
        : { toPatient, recipient: "", purpose: "second-opinion", challenge: "code" },
    );
  return (
    <>
      <div>
        <div className="share-label">
          <label htmlFor="share-recipient">{t("forWhom")}</label>
          <button
            type="button"
            className="share-quick"
            aria-pressed={draft.toPatient}
            onClick={() => forPatient(!draft.toPatient)}
          >
            {t("toPatient")}
          </button>
        </div>
        <div className="share-pair">
          <input
            id="share-recipient"
            data-autofocus
            value={draft.recipient}
            maxLength={120}
            placeholder={t("recipient")}
            autoComplete="off"
            onChange={(event) => onChange({ recipient: event.currentTarget.value })}
          />
          <PurposePick draft={draft} onChange={onChange} />
        </div>
      </div>
      <div className="share-two">
        <Ends draft={draft} onChange={onChange} />
        <Select
          label={t("challenge")}
          size="sm"
          allowDeselect={false}
          value={draft.challenge}
          data={(["code", "password", "birth-date"] as const).map((kind) => ({
            value: kind,
            label: t(`challenges.${kind}`),
            disabled: kind === "birth-date" && draft.download,
          }))}
          onChange={(value) => value && onChange({ challenge: value as Draft["challenge"] })}
        />
      </div>
      <ChallengeField draft={draft} onChange={onChange} />
    </>
  );
}

export function PurposePick({ draft, onChange }: Props) {
  const { t } = useTranslation(["sharing", "common"]);
  return (
    <select
      aria-label={t("purpose")}
      value={draft.purpose}
      onChange={(event) => onChange({ purpose: event.currentTarget.value as Purpose, basis: undefined })}
    >
      {SHAREABLE.map((purpose) => (
        <option key={purpose} value={purpose}>
          {t(`common:purpose.${purpose}`)}
        </option>
      ))}
    </select>
  );
}

const PRESETS = [1, 7, 30];

export function Ends({ draft, onChange }: Props) {
  const { t } = useTranslation("sharing");
  const now = useNow();
  const [own, setOwn] = useState(!PRESETS.includes(draft.days));
  const pick = (value: string) => {
    setOwn(value === "other");
    if (value !== "other") onChange({ days: Number(value) });
  };
  return (
    <div>
      <div className="share-label" id="share-ends">
        {t("ends")} <span>{t("endsOn", { date: day(new Date(now + draft.days * 86_400_000)) })}</span>
      </div>
      <div className="share-ends">
        <SegmentedControl
          fullWidth
          aria-labelledby="share-ends"
          value={own ? "other" : String(draft.days)}
          onChange={pick}
          data={[
            { value: "1", label: t("endsIn.day") },
            { value: "7", label: t("endsIn.week") },
            { value: "30", label: t("endsIn.month") },
            { value: "other", label: t("endsIn.other") },
          ]}
        />
        {own && (
          <NumberInput
            aria-label={t("endsDays")}
            size="sm"
            w={130}
            suffix={` ${t("endsUnit", { count: draft.days })}`}
            min={1}
            max={365}
            clampBehavior="strict"
            value={draft.days}
            onChange={(value) => typeof value === "number" && value >= 1 && onChange({ days: Math.round(value) })}
          />
        )}
      </div>
    </div>
  );
}

function ChallengeField({ draft, onChange }: Props) {
  const { t } = useTranslation("sharing");
  switch (draft.challenge) {
    case "code":
      return (
        <TextInput
          label={t("codeTo")}
          description={t("codeHint")}
          value={draft.address}
          type="email"
          inputMode="email"
          maxLength={254}
          autoComplete="off"
          onChange={(event) => onChange({ address: event.currentTarget.value })}
        />
      );
    case "password":
      return (
        <div className="share-password">
          <PasswordInput
            label={t("passwordLabel")}
            description={t("passwordHint")}
            value={draft.password}
            maxLength={200}
            autoComplete="new-password"
            onChange={(event) => onChange({ password: event.currentTarget.value })}
          />
          <Button variant="default" onClick={() => onChange({ password: makePassword() })}>
            {t("passwordMake")}
          </Button>
          {draft.password.includes("-") && <code className="mono">{draft.password}</code>}
        </div>
      );
    case "birth-date":
      return <p className="share-note">{t("birthHint")}</p>;
  }
}
