import { Anchor, Button, Checkbox, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { SetupState } from "#contract/people.ts";
import { ask, Nothing } from "../api.ts";
import { saveFile } from "../ui/save-file.ts";
import { useForm } from "../ui/useForm.ts";
import { Frame } from "./Frame.tsx";
import { NewPassword } from "./NewPassword.tsx";
import { useSecret } from "./secret.ts";

const Begun = z.looseObject({ recoveryKey: z.string() });

/** First start: the organisation, its first administrator, and the key that opens a backup when all else is lost. */
export function SetupPage() {
  const { t } = useTranslation(["signin", "common"]);
  const secret = useSecret();
  const [recoveryKey, setRecoveryKey] = useState<string>();
  const state = useQuery({
    queryKey: ["setup"],
    queryFn: () => ask("/api/setup", SetupState, { quiet401: true }),
    retry: false,
  });
  if (recoveryKey) return <RecoveryKey recoveryKey={recoveryKey} />;
  if (!state.data) return <Frame title={t("common:loading")}>{null}</Frame>;
  if (state.data.state === "done" || !secret)
    return (
      <Frame title={t("setupTitle")} lead={state.data.state === "done" ? t("setupDone") : t("noSecret")}>
        <Anchor component={Link} to="/signin">
          {t("toSignIn")}
        </Anchor>
      </Frame>
    );
  return (
    <FirstOrganisation secret={secret} interrupted={state.data.state === "recovery-key"} onBegun={setRecoveryKey} />
  );
}

function FirstOrganisation({
  secret,
  interrupted,
  onBegun,
}: {
  secret: string;
  interrupted: boolean;
  onBegun: (recoveryKey: string) => void;
}) {
  const { t } = useTranslation("signin");
  const form = useForm(
    { organisation: "", jurisdiction: "ZA", displayName: "", email: "", password: "" },
    async (values) => {
      const { recoveryKey } = await ask("/api/setup/begin", Begun, {
        body: { secret, ...values, email: values.email.trim() },
        quiet401: true,
      });
      onBegun(recoveryKey);
    },
  );
  const { values, set } = form;
  return (
    <Frame title={t("setupTitle")} lead={interrupted ? t("recoveryMissing") : t("setupLead")} wide>
      <form onSubmit={form.onSubmit}>
        <TextInput
          data-autofocus
          size="md"
          label={t("setupOrganisation")}
          description={t("setupOrganisationWhat")}
          required
          withAsterisk={false}
          maxLength={120}
          value={values.organisation}
          onChange={(event) => set({ organisation: event.currentTarget.value })}
        />
        <TextInput
          size="md"
          w={220}
          label={t("setupCountry")}
          description={t("setupCountryWhat")}
          required
          withAsterisk={false}
          maxLength={2}
          pattern="[A-Z]{2}"
          value={values.jurisdiction}
          onChange={(event) => set({ jurisdiction: event.currentTarget.value.toUpperCase() })}
        />
        <TextInput
          size="md"
          label={t("setupName")}
          autoComplete="name"
          required
          withAsterisk={false}
          maxLength={120}
          value={values.displayName}
          onChange={(event) => set({ displayName: event.currentTarget.value })}
        />
        <TextInput
          size="md"
          type="email"
          label={t("email")}
          autoComplete="username"
          required
          withAsterisk={false}
          value={values.email}
          onChange={(event) => set({ email: event.currentTarget.value })}
        />
        <NewPassword value={values.password} onChange={(password) => set({ password })} />
        {form.error && (
          <p role="alert" className="frame-error">
            {form.error}
          </p>
        )}
        <Button type="submit" size="md" loading={form.busy}>
          {t("setupBegin")}
        </Button>
      </form>
    </Frame>
  );
}

function RecoveryKey({ recoveryKey }: { recoveryKey: string }) {
  const { t } = useTranslation("signin");
  const navigate = useNavigate();
  const form = useForm({ kept: false }, async () => {
    await ask("/api/setup/finish", Nothing, { body: { recoveryKeySaved: true }, quiet401: true });
    await navigate({ to: "/signin" });
  });
  return (
    <Frame title={t("recoveryTitle")} lead={t("recoveryLead")} wide>
      <p className="frame-key">{recoveryKey}</p>
      <p className="muted">{t("recoveryNote")}</p>
      <div className="frame-row">
        <Button variant="default" onClick={() => saveFile("safelight-recovery-key.txt", `${recoveryKey}\n`)}>
          {t("recoveryDownload")}
        </Button>
        <Button variant="default" onClick={() => window.print()}>
          {t("recoveryPrint")}
        </Button>
      </div>
      <form onSubmit={form.onSubmit}>
        <Checkbox
          size="md"
          label={t("recoveryConfirm")}
          checked={form.values.kept}
          onChange={(event) => form.set({ kept: event.currentTarget.checked })}
        />
        {form.error && (
          <p role="alert" className="frame-error">
            {form.error}
          </p>
        )}
        <Button type="submit" size="md" disabled={!form.values.kept} loading={form.busy}>
          {t("recoveryFinish")}
        </Button>
      </form>
    </Frame>
  );
}
