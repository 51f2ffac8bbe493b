import { Button, ColorInput, FileButton, MultiSelect, NumberInput, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { OrganisationSettings } from "#contract/people.ts";
import { ask, Nothing } from "../api.ts";
import { accentStyle } from "../portal/own-colour.ts";
import { LANGUAGES } from "../portal/words/languages.ts";
import { Page } from "../ui/Page.tsx";
import { useForm } from "../ui/useForm.ts";
import { sayRefusal } from "../words/say.ts";
import { organisationQuery } from "./queries.ts";

const MOST_LOGO_BYTES = 64 * 1024;

export function OrganisationPage() {
  const { t } = useTranslation("admin");
  const { data, error } = useQuery(organisationQuery);
  return (
    <Page title={t("organisation.title")} lead={t("organisation.lead")}>
      {error && <p className="page-error">{sayRefusal(error)}</p>}
      {data && <Settings first={data} />}
    </Page>
  );
}

function Settings({ first }: { first: z.infer<typeof OrganisationSettings> }) {
  const { t } = useTranslation(["admin", "common"]);
  const queries = useQueryClient();
  const form = useForm(first, async (values) => {
    await ask("/api/organisation", Nothing, { method: "PUT", body: values });
    for (const key of ["session", "organisation"]) await queries.invalidateQueries({ queryKey: [key] });
    notifications.show({ message: t("organisation.saved") });
  });
  const { values, set } = form;
  return (
    <div className="page-two">
      <form className="page-form" onSubmit={form.onSubmit}>
        <TextInput
          label={t("organisation.name")}
          required
          withAsterisk={false}
          maxLength={120}
          value={values.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <ColorInput
          label={t("organisation.colour")}
          description={t("organisation.colourHint")}
          format="hex"
          eyeDropperButtonProps={{ "aria-label": t("organisation.colourPick") }}
          value={values.colour}
          onChange={(next) => set({ colour: next.toLowerCase() })}
        />
        <Logo logo={values.logo} onChange={(next) => set({ logo: next })} />
        <MultiSelect
          label={t("organisation.languages")}
          data={LANGUAGES.map(({ code, name: own }) => ({ value: code, label: own }))}
          value={values.languages}
          onChange={(next) => set({ languages: next })}
        />
        <div className="page-two">
          <NumberInput
            label={t("organisation.idle")}
            min={1}
            max={60}
            allowDecimal={false}
            value={values.idleMinutes}
            onChange={(next) => typeof next === "number" && set({ idleMinutes: next })}
          />
          <NumberInput
            label={t("organisation.linkMax")}
            min={1}
            max={365}
            allowDecimal={false}
            value={values.linkMaxDays}
            onChange={(next) => typeof next === "number" && set({ linkMaxDays: next })}
          />
        </div>
        {form.error && (
          <p role="alert" className="page-error">
            {form.error}
          </p>
        )}
        <div className="page-end">
          <Button
            type="submit"
            loading={form.busy}
            disabled={values.languages.length === 0 || !/^#[0-9a-f]{6}$/.test(values.colour)}
          >
            {t("common:save")}
          </Button>
        </div>
      </form>
      <figure
        className="page-card room-light"
        style={{ ...accentStyle(values.colour), background: "var(--bg)", color: "var(--text)" }}
      >
        <figcaption className="faint">{t("organisation.preview")}</figcaption>
        <div className="page-form" style={{ marginTop: 16 }}>
          {values.logo ? (
            <img src={values.logo} alt={values.name} style={{ maxHeight: 44, maxWidth: 180, alignSelf: "start" }} />
          ) : (
            <b>{values.name}</b>
          )}
          <div
            style={{
              background: "var(--accent)",
              color: "#fff",
              borderRadius: 8,
              padding: "14px 16px",
              textAlign: "center",
              fontWeight: 500,
            }}
          >
            {t("organisation.previewButton")}
          </div>
        </div>
      </figure>
    </div>
  );
}

function Logo({ logo, onChange }: { logo: string | null; onChange: (logo: string | null) => void }) {
  const { t } = useTranslation("admin");
  const [tooLarge, setTooLarge] = useState(false);
  const take = (file: File | null) => {
    if (!file) return;
    setTooLarge(file.size > MOST_LOGO_BYTES);
    if (file.size > MOST_LOGO_BYTES) return;
    const reader = new FileReader();
    reader.onload = () => {
      if (typeof reader.result === "string") onChange(reader.result);
    };
    reader.readAsDataURL(file);
  };
  return (
    <div>
      <div className="mantine-InputWrapper-label">{t("organisation.logo")}</div>
      <div className="page-row">
        {logo && <img src={logo} alt="" style={{ maxHeight: 36, maxWidth: 120 }} />}
        <FileButton accept="image/svg+xml,image/png" onChange={take}>
          {(props) => (
            <Button {...props} variant="default">
              {t("organisation.logoChoose")}
            </Button>
          )}
        </FileButton>
        {logo && (
          <Button variant="subtle" color="gray" onClick={() => onChange(null)}>
            {t("organisation.logoRemove")}
          </Button>
        )}
        <span className="faint" role={tooLarge ? "alert" : undefined}>
          {tooLarge ? t("organisation.logoTooLarge") : t("organisation.logoHint")}
        </span>
      </div>
    </div>
  );
}
