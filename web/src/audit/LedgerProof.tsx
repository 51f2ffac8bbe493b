import { IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Copyable } from "../ui/Copyable.tsx";
import { moment } from "../ui/format.ts";
import { sayRefusal } from "../words/say.ts";
import { ledgerQuery } from "./queries.ts";

/** Whether the tree verifies now, what that proves, and what it cannot. */
export function LedgerProof() {
  const { t } = useTranslation("admin");
  const { data, error } = useQuery(ledgerQuery);
  if (error) return <p className="page-error">{sayRefusal(error)}</p>;
  if (!data) return null;
  return (
    <section className="ledger" data-bad={!data.verified || undefined}>
      {data.verified ? (
        <IconShieldCheck size={30} stroke={1.5} aria-hidden />
      ) : (
        <IconShieldX size={30} stroke={1.5} aria-hidden />
      )}
      <div>
        <b>{data.verified ? t("audit.proofGood") : t("audit.proofBad")}</b>
        <p>
          {t("audit.proofText", {
            size: data.size,
            at: data.checkpointAt ? moment(data.checkpointAt) : t("audit.proofNone"),
            checkpoint: data.checkpointSize,
          })}
        </p>
        {data.findings.length > 0 && (
          <ul>
            {data.findings.map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
        )}
        <details>
          <summary>{t("audit.detail")}</summary>
          <dl>
            <dt>{t("audit.root")}</dt>
            <dd>
              <Copyable text={data.root} />
            </dd>
            <dt>{t("audit.key")}</dt>
            <dd>
              <Copyable text={data.publicKey} />
            </dd>
          </dl>
          <p className="muted">{t("audit.proofLimit")}</p>
        </details>
      </div>
    </section>
  );
}
