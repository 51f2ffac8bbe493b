import { Button, Loader, Radio, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ShareVerdict } from "#contract/sharing.ts";
import { useSession } from "../session.ts";
import { day } from "../ui/format.ts";
import { sayBecause } from "../words/say.ts";
import { basisKey, type Draft, keyOfBasis } from "./proposal.ts";
import type { Judged } from "./queries.ts";
import { saySentence } from "./sentences.ts";

type Props = {
  draft: Draft;
  judged: Judged | undefined;
  asking: boolean;
  error: string | undefined;
  busy: boolean;
  ready: boolean;
  onPreview: () => void;
  onChange: (part: Partial<Draft>) => void;
  onConsent: () => void;
  onAgreement: () => void;
  onCreate: () => void;
};

/** May this be shared, and on what basis: in words, live, with the way to a missing basis beside it. */
export function VerdictBox(props: Props) {
  const { draft, judged, asking, error, busy, ready, onPreview, onCreate } = props;
  const { t } = useTranslation("sharing");
  const verdict = judged?.verdict;
  const allowed = verdict?.verdict.allowed === true && !asking;
  return (
    <>
      <div
        className="verdict"
        data-state={error ? "error" : !verdict ? "waiting" : verdict.verdict.allowed ? "allowed" : "refused"}
        aria-live="polite"
      >
        {error && <p>{error}</p>}
        {!error && !verdict && (
          <p>
            {asking ? <Loader size={12} /> : null} {asking ? t("verdict.asking") : t("verdict.waiting")}
          </p>
        )}
        {!error && verdict && <Words verdict={verdict} />}
        {judged && <Bases {...props} judged={judged} />}
      </div>
      <div className="share-actions">
        {draft.tab === "link" && (
          <Button variant="default" onClick={onPreview} disabled={!ready}>
            {t("preview")}
          </Button>
        )}
        <Button disabled={!allowed} loading={busy} onClick={onCreate}>
          {draft.tab === "link" ? t("create") : t("share")}
        </Button>
      </div>
    </>
  );
}

function Words({ verdict }: { verdict: ShareVerdict }) {
  const { t } = useTranslation("sharing");
  const { allowed, because } = verdict.verdict;
  const sentences = verdict.sentences.map(saySentence).filter((sentence) => sentence !== "");
  return (
    <div className="verdict-words">
      {allowed ? <IconCheck size={17} aria-hidden /> : <IconAlertTriangle size={17} aria-hidden />}
      <p>
        <b>{allowed ? t("verdict.allowed") : t("verdict.refused")}:</b>{" "}
        {sentences.length > 0 ? sentences.join(" ") : sayBecause(because)}
      </p>
    </div>
  );
}

const BASIS_LACKING = [
  "basis-missing",
  "basis-ended",
  "basis-other-recipient",
  "basis-other-purpose",
  "basis-does-not-carry",
];

function Bases({ draft, judged, onChange, onConsent, onAgreement }: Props & { judged: Judged }) {
  const { t } = useTranslation(["sharing", "common"]);
  const session = useSession();
  const { verdict, proposal } = judged;
  const lacking =
    !verdict.verdict.allowed && BASIS_LACKING.includes(verdict.verdict.because) && verdict.bases.length === 0;
  const legal = draft.basis?.startsWith("legal-order") ?? false;
  return (
    <>
      {(verdict.bases.length > 1 || legal) && (
        <Radio.Group
          size="xs"
          label={t("verdict.rests")}
          value={legal ? "legal-order:" : keyOfBasis(proposal.basis)}
          onChange={(basis) => onChange({ basis })}
          className="verdict-bases"
        >
          {verdict.bases.map((basis) => (
            <Radio
              key={basisKey(basis)}
              size="xs"
              value={basisKey(basis)}
              label={`${t(`common:basis.${basis.kind}`)}${basis.title && basis.kind !== "own-care" ? `: ${basis.title}` : ""}${basis.until ? `, ${t("verdict.until", { date: day(basis.until) })}` : ""}`}
            />
          ))}
          <Radio size="xs" value="legal-order:" label={t("verdict.legal")} />
        </Radio.Group>
      )}
      {legal && (
        <Textarea
          aria-label={t("verdict.legalNote")}
          placeholder={t("verdict.legalNote")}
          autosize
          minRows={2}
          value={draft.legalNote}
          maxLength={500}
          onChange={(event) => onChange({ legalNote: event.currentTarget.value })}
        />
      )}
      {lacking && !legal && (
        <div className="verdict-record">
          <p>{t("verdict.noBasis")}</p>
          <div className="share-row">
            <Button size="xs" variant="default" onClick={onConsent}>
              {t("verdict.recordConsent")}
            </Button>
            {draft.tab === "group" && session.can.administer && (
              <Button size="xs" variant="default" onClick={onAgreement}>
                {t("verdict.recordAgreement")}
              </Button>
            )}
            <Button size="xs" variant="default" onClick={() => onChange({ basis: "legal-order:" })}>
              {t("verdict.legal")}
            </Button>
          </div>
        </div>
      )}
    </>
  );
}
