import { Button, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { sayRefusal } from "../words/say.ts";
import { readAloud } from "./consent-text.ts";
import type { Draft } from "./proposal.ts";
import { type ConsentFormVersion, formsQuery, recordConsent } from "./queries.ts";

const BY = ["self", "guardian", "proxy"] as const;
const CHANNELS = ["in-person", "telephone", "video", "paper"] as const;

type Props = { study: StudyDetail; draft: Draft; onRecorded: (basis: string | undefined) => void; onBack: () => void };

/** Consent taken at the desk, in the same flow: the text, who decided, how; a refusal is recorded too. */
export function ConsentDesk({ study, draft, onRecorded, onBack }: Props) {
  const { t } = useTranslation(["sharing", "common"]);
  const { data: forms = [], isPending } = useQuery(formsQuery);
  const fitting = forms.filter((form) => !form.retiredAt && form.purposes.includes(draft.purpose));
  const [chosen, setChosen] = useState<string>();
  const form = fitting.find((one) => one.id === chosen) ?? fitting[0];
  return (
    <section className="desk" aria-label={t("consent.title")}>
      <h3>{t("consent.title")}</h3>
      <p className="muted">{t("consent.lead")}</p>
      {!form && !isPending && <p className="share-note">{t("consent.formNone")}</p>}
      {form && fitting.length > 1 && (
        <Select
          label={t("consent.form")}
          allowDeselect={false}
          value={form.id}
          onChange={(value) => value && setChosen(value)}
          data={fitting.map((one) => ({
            value: one.id,
            label: `${one.title} · ${t("consent.version", { version: one.version, language: one.language })}`,
          }))}
        />
      )}
      {form && <Decide key={form.id} form={form} study={study} draft={draft} onRecorded={onRecorded} onBack={onBack} />}
      {!form && (
        <div className="share-actions">
          <Button variant="default" onClick={onBack}>
            {t("common:back")}
          </Button>
        </div>
      )}
    </section>
  );
}

function Decide({ form, study, draft, onRecorded, onBack }: Props & { form: ConsentFormVersion }) {
  const { t } = useTranslation(["sharing", "common"]);
  const [by, setBy] = useState<(typeof BY)[number]>("self");
  const [channel, setChannel] = useState<(typeof CHANNELS)[number]>("in-person");
  const [recipient, setRecipient] = useState(draft.recipient);
  const [until, setUntil] = useState("");
  const [busy, setBusy] = useState<"given" | "refused">();
  const [error, setError] = useState<string>();
  const record = async (decision: "given" | "refused") => {
    setBusy(decision);
    try {
      const { id } = await recordConsent(study.id, {
        studyOwner: study.owner,
        study: study.id,
        formVersion: form.id,
        decision,
        givenBy: by,
        purposes: [draft.purpose],
        recipient: recipient.trim(),
        channel,
        until: until ? new Date(`${until}T23:59:59`).toISOString() : null,
      });
      onRecorded(decision === "given" ? `consent:${id}` : undefined);
    } catch (thrown) {
      setError(sayRefusal(thrown));
      setBusy(undefined);
    }
  };
  const { text, notice } = readAloud(form.body);
  return (
    <>
      {notice && (
        <p className="share-note" role="note" lang={form.language}>
          {notice}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text that scrolls must be reachable by keyboard */}
      <article className="desk-text" tabIndex={0} lang={form.language}>
        <h4>
          {form.title}{" "}
          <span className="faint">{t("consent.version", { version: form.version, language: form.language })}</span>
        </h4>
        {text.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
      </article>
      <div className="share-two">
        <Select
          label={t("consent.givenBy")}
          allowDeselect={false}
          value={by}
          onChange={(value) => value && setBy(value as typeof by)}
          data={BY.map((value) => ({ value, label: t(`consent.by.${value}`) }))}
        />
        <Select
          label={t("consent.channel")}
          allowDeselect={false}
          value={channel}
          onChange={(value) => value && setChannel(value as typeof channel)}
          data={CHANNELS.map((value) => ({ value, label: t(`consent.channels.${value}`) }))}
        />
        <TextInput
          label={t("consent.recipient")}
          value={recipient}
          maxLength={200}
          onChange={(event) => setRecipient(event.currentTarget.value)}
        />
        <TextInput
          label={`${t("consent.until")} (${t("consent.untilOpen")})`}
          type="date"
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
        />
      </div>
      {error && (
        <p role="alert" className="share-error">
          {error}
        </p>
      )}
      <div className="share-actions">
        <Button variant="subtle" color="gray" onClick={onBack} style={{ marginRight: "auto" }}>
          {t("common:back")}
        </Button>
        <Button variant="default" loading={busy === "refused"} onClick={() => void record("refused")}>
          {t("consent.refused")}
        </Button>
        <Button loading={busy === "given"} onClick={() => void record("given")}>
          {t("consent.given")}
        </Button>
      </div>
    </>
  );
}
