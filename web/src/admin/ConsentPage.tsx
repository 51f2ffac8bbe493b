import { Button, Modal, MultiSelect, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PURPOSES, type Purpose } from "#contract/words.ts";
import { ask, Nothing } from "../api.ts";
import { useSession } from "../session.ts";
import { type ConsentFormVersion, formsQuery } from "../sharing/queries.ts";
import { CountryPick } from "../ui/CountryPick.tsx";
import { day } from "../ui/format.ts";
import { Page, Table } from "../ui/Page.tsx";
import { useForm } from "../ui/useForm.ts";

export function ConsentPage() {
  const { t } = useTranslation(["admin", "common"]);
  const queries = useQueryClient();
  const { data: forms = [] } = useQuery(formsQuery);
  const [publishing, setPublishing] = useState(false);
  const [reading, setReading] = useState<ConsentFormVersion>();
  return (
    <Page
      title={t("consent.title")}
      lead={t("consent.lead")}
      actions={<Button onClick={() => setPublishing(true)}>{t("consent.publish")}</Button>}
    >
      <Table
        label={t("consent.title")}
        rows={forms}
        id={(form) => form.id}
        empty={t("consent.none")}
        columns={[
          {
            key: "title",
            label: t("consent.form"),
            cell: (form) => (
              <>
                {form.title}
                <small>
                  {form.form} · {t("consent.version", { version: form.version })} · {form.language} ·{" "}
                  {form.jurisdiction}
                </small>
              </>
            ),
          },
          {
            key: "purposes",
            label: t("consent.purposes"),
            cell: (form) => form.purposes.map((purpose) => t(`common:purpose.${purpose}`)).join(", "),
          },
          {
            key: "state",
            label: t("partners.state"),
            cell: (form) => (
              <span className="tag" data-kind={form.retiredAt ? "off" : "ok"}>
                {form.retiredAt
                  ? t("consent.retired", { date: day(form.retiredAt) })
                  : t("consent.effective", { date: day(form.effectiveAt) })}
              </span>
            ),
          },
          {
            key: "do",
            label: "",
            cell: (form) => (
              <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setReading(form)}>
                {t("consent.read")}
              </Button>
            ),
          },
        ]}
      />
      {reading && (
        <Modal opened onClose={() => setReading(undefined)} title={reading.title} size={640}>
          <article className="page-form" lang={reading.language}>
            {reading.body.split(/\n{2,}/).map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
            <p className="faint">
              {t("consent.version", { version: reading.version })} · {t("consent.hash")}{" "}
              <span className="mono">{reading.sha256}</span>
            </p>
          </article>
        </Modal>
      )}
      {publishing && (
        <PublishForm
          onClose={() => setPublishing(false)}
          onDone={() => {
            setPublishing(false);
            notifications.show({ message: t("consent.done") });
            void queries.invalidateQueries({ queryKey: ["consent"] });
          }}
        />
      )}
    </Page>
  );
}

function PublishForm({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation(["admin", "common"]);
  const { organisation } = useSession();
  const first = {
    form: "",
    language: organisation.languages[0]?.slice(0, 2) ?? "en",
    jurisdiction: organisation.jurisdiction,
    purposes: ["second-opinion"] as Purpose[],
    title: "",
    body: "",
  };
  const form = useForm(first, async (values) => {
    await ask("/api/consent/forms", Nothing, { body: values });
    onDone();
  });
  const { values, set } = form;
  return (
    <Modal opened onClose={onClose} title={t("consent.publish")} size={700}>
      <form className="page-form" onSubmit={form.onSubmit}>
        <p className="muted">{t("consent.publishText")}</p>
        <div className="page-two">
          <TextInput
            data-autofocus
            label={t("consent.form")}
            description={t("consent.formHint")}
            required
            withAsterisk={false}
            pattern="[a-z0-9\-]{3,60}"
            value={values.form}
            onChange={(event) => set({ form: event.currentTarget.value })}
          />
          <div className="page-two" style={{ alignItems: "end", height: "100%" }}>
            <TextInput
              label={t("consent.language")}
              required
              withAsterisk={false}
              pattern="[a-z]{2}"
              maxLength={2}
              value={values.language}
              onChange={(event) => set({ language: event.currentTarget.value.toLowerCase() })}
            />
            <CountryPick
              label={t("consent.jurisdiction")}
              value={values.jurisdiction}
              onChange={(jurisdiction) => set({ jurisdiction })}
            />
          </div>
        </div>
        <MultiSelect
          label={t("consent.purposes")}
          value={values.purposes}
          onChange={(next) => set({ purposes: next as Purpose[] })}
          data={PURPOSES.map((purpose) => ({ value: purpose, label: t(`common:purpose.${purpose}`) }))}
        />
        <TextInput
          label={t("consent.formTitle")}
          required
          withAsterisk={false}
          minLength={3}
          maxLength={200}
          value={values.title}
          onChange={(event) => set({ title: event.currentTarget.value })}
        />
        <Textarea
          label={t("consent.body")}
          required
          withAsterisk={false}
          minLength={20}
          autosize
          minRows={8}
          maxRows={18}
          value={values.body}
          onChange={(event) => set({ body: event.currentTarget.value })}
        />
        {form.error && (
          <p role="alert" className="page-error">
            {form.error}
          </p>
        )}
        <div className="page-end">
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit" loading={form.busy} disabled={values.purposes.length === 0}>
            {t("consent.publish")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
