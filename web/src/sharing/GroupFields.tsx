import { Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { day } from "../ui/format.ts";
import { useNow } from "../ui/useNow.ts";
import { Ends, PurposePick } from "./LinkFields.tsx";
import type { Draft } from "./proposal.ts";
import { partnersQuery } from "./queries.ts";

/** A partner organisation, or one person who has an account somewhere here. */
export function GroupFields({ draft, onChange }: { draft: Draft; onChange: (part: Partial<Draft>) => void }) {
  const { t } = useTranslation(["sharing", "common"]);
  const now = useNow();
  const { data: agreements = [] } = useQuery(partnersQuery);
  const running = agreements.filter((one) => one.given && !one.endedAt && Date.parse(one.until) > now);
  const partners = [...new Map(running.map((one) => [one.partner.id, one])).values()];
  return (
    <>
      <div>
        <div className="share-label" id="share-partner">
          {t("forWhom")}
        </div>
        <div className="share-pair">
          <Select
            aria-labelledby="share-partner"
            variant="unstyled"
            searchable
            placeholder={t("partnerPick")}
            value={draft.partner || null}
            data={[
              ...partners.map((one) => ({ value: one.partner.id, label: one.partner.name })),
              { value: "person", label: t("person") },
            ]}
            onChange={(value) =>
              onChange({
                partner: value ?? "",
                recipient: partners.find((one) => one.partner.id === value)?.partner.name ?? "",
                basis: undefined,
              })
            }
          />
          <PurposePick draft={draft} onChange={onChange} />
        </div>
        {partners.length === 0 && <p className="share-note">{t("partnerNone")}</p>}
        {running
          .filter((one) => one.partner.id === draft.partner)
          .map((one) => (
            <p key={one.id} className="share-note">
              {t(`agreement.kinds.${one.kind as "operator"}`, { defaultValue: one.kind })} {one.reference} ·{" "}
              {t("verdict.until", { date: day(one.until) })}
            </p>
          ))}
      </div>
      {draft.partner === "person" && (
        <>
          <TextInput
            label={t("personEmail")}
            description={t("personHint")}
            type="email"
            value={draft.email}
            autoComplete="off"
            onChange={(event) => onChange({ email: event.currentTarget.value })}
          />
          {partners.length > 1 && (
            <Select
              label={t("personWorkplace")}
              placeholder={t("personColleague")}
              clearable
              value={draft.workplace || null}
              data={partners.map((one) => ({ value: one.partner.id, label: one.partner.name }))}
              onChange={(workplace) => onChange({ workplace: workplace ?? "", basis: undefined })}
            />
          )}
        </>
      )}
      <div className="share-two">
        <Ends draft={draft} onChange={onChange} />
      </div>
    </>
  );
}
