import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { AgreementForm } from "../admin/AgreementForm.tsx";
import type { Draft } from "./proposal.ts";

/** The same form as under Partners, inside the share dialog. */
export function AgreementDesk({
  purpose,
  onRecorded,
  onBack,
}: {
  purpose: Draft["purpose"];
  onRecorded: (basis: string | undefined) => void;
  onBack: () => void;
}) {
  const { t } = useTranslation("sharing");
  const queries = useQueryClient();
  return (
    <section className="desk" aria-label={t("agreement.title")}>
      <h3>{t("agreement.title")}</h3>
      <p className="muted">{t("agreement.lead")}</p>
      <AgreementForm
        purposes={[purpose]}
        onCancel={onBack}
        onRecorded={(id) => {
          void queries.invalidateQueries({ queryKey: ["partners"] });
          onRecorded(id ? `agreement:${id}` : undefined);
        }}
      />
    </section>
  );
}
