import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { ConsentEnded, ConsentRow } from "#contract/sharing.ts";
import { day } from "../ui/format.ts";
import { sayBecause, sayCode, sayRefusal } from "../words/say.ts";
import { consentsQuery, endConsent } from "./queries.ts";

type Row = z.infer<typeof ConsentRow>;

/** What this patient decided; a withdrawal says at once what stops and what goes on, and why. */
export function ConsentList({ study }: { study: string }) {
  const { t } = useTranslation("sharing");
  const { data: consents = [] } = useQuery(consentsQuery(study));
  if (consents.length === 0) return null;
  return (
    <>
      <h3>{t("consents.title")}</h3>
      <ul className="access">
        {consents.map((row) => (
          <Consent key={row.id} row={row} />
        ))}
      </ul>
    </>
  );
}

function Consent({ row }: { row: Row }) {
  const { t } = useTranslation(["sharing", "common"]);
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const [ended, setEnded] = useState<z.infer<typeof ConsentEnded>>();
  const [error, setError] = useState<string>();
  const withdraw = async () => {
    try {
      setEnded(await endConsent(row.id, reason.trim()));
      setAsking(false);
      for (const key of ["consents", "access", "verdict", "study"]) void queries.invalidateQueries({ queryKey: [key] });
    } catch (thrown) {
      setError(sayRefusal(thrown));
    }
  };
  const given = row.decision === "given";
  return (
    <li className="consent">
      <div>
        {t(given ? "consents.given" : "consents.refused", { title: row.title, version: row.version })}
        <div className="faint">
          {row.purposes.map((purpose) => t(`common:purpose.${purpose}`).toLowerCase()).join(", ")} ·{" "}
          {t(`consent.channels.${row.channel as "portal"}`).toLowerCase()} · {day(row.from)}
        </div>
        {row.endedAt && <div className="faint">{t("consents.ended", { date: day(row.endedAt) })}</div>}
        {ended && <Ended ended={ended} />}
        {asking && (
          <div className="consent-sure">
            <p>{t("consents.sure")}</p>
            <TextInput
              size="xs"
              label={t("consents.reason")}
              value={reason}
              maxLength={500}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            {error && <p role="alert">{error}</p>}
            <div className="access-sure">
              <Button size="compact-xs" color="red" onClick={() => void withdraw()}>
                {t("consents.withdraw")}
              </Button>
              <Button size="compact-xs" variant="default" onClick={() => setAsking(false)}>
                {t("common:cancel")}
              </Button>
            </div>
          </div>
        )}
        {given && !row.endedAt && !asking && !ended && (
          <div className="access-sure">
            <span className="faint">
              {row.grants > 0 ? t("consents.rests", { count: row.grants }) : t("consents.restsNone")}
            </span>
            <Button
              size="compact-xs"
              variant="default"
              aria-label={t("consents.withdrawLabel", { title: row.title })}
              onClick={() => setAsking(true)}
            >
              {t("consents.withdraw")}
            </Button>
          </div>
        )}
      </div>
    </li>
  );
}

function Ended({ ended }: { ended: z.infer<typeof ConsentEnded> }) {
  const { t } = useTranslation("sharing");
  return (
    <div className="consent-ended" role="status">
      <p>
        {t("consents.done")}{" "}
        {ended.stopped.length > 0
          ? t("consents.stopped", { names: ended.stopped.map((one) => one.name).join(", ") })
          : t("consents.nothingStopped")}
      </p>
      {ended.stays.length > 0 && (
        <p>
          {t("consents.stays", {
            names: ended.stays
              .map((one) => `${one.name} (${sayCode("basis", one.because)?.toLowerCase() ?? sayBecause(one.because)})`)
              .join(", "),
          })}
        </p>
      )}
    </div>
  );
}
