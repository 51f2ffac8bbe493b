import { CloseButton, Modal, SegmentedControl } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { Shared } from "#contract/sharing.ts";
import { imagesOf } from "../study/pictured.ts";
import { dicomDate, personName } from "../ui/format.ts";
import { useReturnFocus } from "../ui/useReturnFocus.ts";
import { sayRefusal } from "../words/say.ts";
import { studyQuery } from "../worklist/queries.ts";
import { AccessColumn } from "./AccessColumn.tsx";
import { AgreementDesk } from "./AgreementDesk.tsx";
import { ConsentDesk } from "./ConsentDesk.tsx";
import { Created } from "./Created.tsx";
import { GroupFields } from "./GroupFields.tsx";
import { LinkFields } from "./LinkFields.tsx";
import { Options } from "./Options.tsx";
import { type Draft, FIRST_DRAFT, proposalOf } from "./proposal.ts";
import { share, verdictQuery } from "./queries.ts";
import { RecipientPreview } from "./RecipientPreview.tsx";
import { VerdictBox } from "./VerdictBox.tsx";
import "./share.css";

type Side = "form" | "consent" | "agreement";

/** For whom, why, until when; the verdict in words; who has access already. */
export function ShareDialog({ owner, id, onClose }: { owner: string; id: string; onClose: () => void }) {
  const { t } = useTranslation(["sharing", "common"]);
  useReturnFocus();
  const queries = useQueryClient();
  const { data: study } = useQuery(studyQuery(owner, id));
  const [draft, setDraft] = useState<Draft>(FIRST_DRAFT);
  const [side, setSide] = useState<Side>("form");
  const [created, setCreated] = useState<z.infer<typeof Shared>>();
  const [preview, setPreview] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const proposal = useMemo(() => proposalOf(draft), [draft]);
  const [judged] = useDebouncedValue(proposal, 250);
  const verdict = useQuery(verdictQuery(owner, id, judged));
  const change = (part: Partial<Draft>) => {
    setError(undefined);
    setDraft((before) => ({ ...before, ...part }));
  };

  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ["verdict", owner, id] });
    void queries.invalidateQueries({ queryKey: ["access", owner, id] });
    void queries.invalidateQueries({ queryKey: ["consents", id] });
    void queries.invalidateQueries({ queryKey: ["studies"] });
  };
  const create = async () => {
    const agreed = verdict.data?.proposal;
    if (!agreed) return;
    setBusy(true);
    try {
      setCreated(await share(owner, id, agreed));
      refresh();
    } catch (thrown) {
      setError(sayRefusal(thrown));
    }
    setBusy(false);
  };
  const again = () => {
    setCreated(undefined);
    setDraft({ ...FIRST_DRAFT, tab: draft.tab });
  };
  const recorded = (basis: string | undefined) => {
    change(basis ? { basis } : {});
    setSide("form");
    refresh();
  };
  /** Escape leaves the inner desk first, as every list that is open in it leaves before it. */
  const onKey = (event: KeyboardEvent) => {
    const inList = (event.target as HTMLElement).dataset["mantineStopPropagation"] === "true";
    if (event.key === "Escape" && side !== "form" && !inList) setSide("form");
  };
  const title = study?.description || (study?.modalities.join(", ") ?? "");

  return (
    <Modal.Root opened onClose={onClose} size={860} centered closeOnEscape={!preview && side === "form"}>
      <Modal.Overlay backgroundOpacity={1} color="var(--scrim)" />
      <Modal.Content className="share" aria-label={t("title", { study: title })} onKeyDown={onKey}>
        <div className="share-bar">
          <CloseButton className="share-close" aria-label={t("common:close")} onClick={onClose} />
        </div>
        <div className="share-left">
          <header>
            <h2>{t("title", { study: title })}</h2>
            {study && (
              <p className="muted">
                {personName(study.patientName)} · {dicomDate(study.studyDate)} ·{" "}
                {t("common:images", { count: imagesOf(study) })}
              </p>
            )}
          </header>
          {side === "consent" && study && (
            <ConsentDesk study={study} draft={draft} onRecorded={recorded} onBack={() => setSide("form")} />
          )}
          {side === "agreement" && (
            <AgreementDesk purpose={draft.purpose} onRecorded={recorded} onBack={() => setSide("form")} />
          )}
          {side === "form" && created && study && (
            <Created created={created} draft={draft} study={study} onAgain={again} onClose={onClose} />
          )}
          {side === "form" && !created && (
            <>
              <SegmentedControl
                fullWidth
                aria-label={t("tab.label")}
                value={draft.tab}
                onChange={(tab) =>
                  change({ tab: tab as Draft["tab"], basis: undefined, recipient: "", toPatient: false })
                }
                data={[
                  { value: "group", label: t("tab.group") },
                  { value: "link", label: t("tab.link") },
                ]}
              />
              {draft.tab === "link" ? (
                <LinkFields draft={draft} patientName={personName(study?.patientName ?? "")} onChange={change} />
              ) : (
                <GroupFields draft={draft} onChange={change} />
              )}
              <Options draft={draft} priors={study?.priors ?? 0} onChange={change} />
              <VerdictBox
                draft={draft}
                judged={proposal === undefined ? undefined : verdict.data}
                asking={proposal !== undefined && (verdict.isFetching || judged !== proposal)}
                error={error ?? (verdict.isError ? sayRefusal(verdict.error) : undefined)}
                busy={busy}
                ready={study !== undefined}
                onPreview={() => setPreview(true)}
                onChange={change}
                onConsent={() => setSide("consent")}
                onAgreement={() => setSide("agreement")}
                onCreate={() => void create()}
              />
            </>
          )}
        </div>
        <AccessColumn owner={owner} id={id} />
        {preview && study && <RecipientPreview draft={draft} study={study} onClose={() => setPreview(false)} />}
      </Modal.Content>
    </Modal.Root>
  );
}
