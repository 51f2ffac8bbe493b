import { NumberInput, Switch } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { type Draft, downloadPart } from "./proposal.ts";

/** What goes along, and what may leave. */
export function Options({
  draft,
  priors,
  onChange,
}: {
  draft: Draft;
  priors: number;
  onChange: (part: Partial<Draft>) => void;
}) {
  const { t } = useTranslation("sharing");
  return (
    <div className="share-options">
      <Line label={t("report")} on={draft.report} set={(report) => onChange({ report })} />
      <Line
        label={priors > 0 ? t("priors", { count: priors }) : t("priorsNone")}
        on={draft.priors && priors > 0}
        disabled={priors === 0}
        set={(value) => onChange({ priors: value })}
      />
      <Line
        label={t("download")}
        note={downloadNote(draft, t)}
        on={draft.download}
        set={(download) => onChange(downloadPart(draft, download))}
      />
      <Line label={t("notify")} on={draft.notify} set={(notify) => onChange({ notify })} />
      {draft.tab === "link" && (
        <div className="share-line">
          <label htmlFor="share-uses">{t("maxUses")}</label>
          <NumberInput
            id="share-uses"
            size="xs"
            w={110}
            min={1}
            max={1000}
            placeholder={t("maxUsesAny")}
            value={draft.maxUses ?? ""}
            onChange={(value) =>
              onChange({ maxUses: typeof value === "number" && value >= 1 ? Math.round(value) : null })
            }
          />
        </div>
      )}
    </div>
  );
}

function downloadNote({ tab, download }: Draft, t: ReturnType<typeof useTranslation<"sharing">>["t"]): string {
  if (tab === "group") return download ? t("downloadOnGroup") : t("downloadOffGroup");
  return download ? t("downloadOn") : t("downloadOff");
}

function Line({
  label,
  note,
  on,
  disabled = false,
  set,
}: {
  label: string;
  note?: ReactNode;
  on: boolean;
  disabled?: boolean;
  set: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="share-line" data-disabled={disabled || undefined}>
      <label htmlFor={id}>
        {label} {note && <span className="faint">{note}</span>}
      </label>
      <Switch
        id={id}
        checked={on}
        disabled={disabled}
        withThumbIndicator={false}
        onChange={(event) => set(event.currentTarget.checked)}
      />
    </div>
  );
}
