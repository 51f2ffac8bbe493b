import { Anchor, Button, Checkbox, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SetupBegun, SetupState } from "#contract/people.ts";
import { ask } from "../api.ts";
import { CountryPick } from "../ui/CountryPick.tsx";
import { saveFile } from "../ui/save-file.ts";
import { useForm } from "../ui/useForm.ts";
import { EnrolStep } from "./EnrolStep.tsx";
import { Frame } from "./Frame.tsx";
import { NewPassword } from "./NewPassword.tsx";
import { useEnter } from "./SigninPage.tsx";
import { useSecret } from "./secret.ts";

type Begun = { recoveryKey: string; password: string };

/** First start: the organisation, its first administrator, the key that opens a backup when all else is lost, the second factor. */
export function SetupPage() {
  const { t } = useTranslation(["signin", "common"]);
  const secret = useSecret();
  const enter = useEnter();
  const [begun, setBegun] = useState<Begun>();
  const [finished, setFinished] = useState(false);
  const state = useQuery({
    queryKey: ["setup"],
    queryFn: () => ask("/api/setup", SetupState, { quiet401: true }),
    retry: false,
    refetchInterval: false,
  });
  if (finished && begun?.password) return <EnrolStep password={begun.password} onDone={enter} />;
  if (finished) return <ToSignin text={t("setupDone")} />;
  if (begun && secret)
    return <RecoveryKey recoveryKey={begun.recoveryKey} secret={secret} onFinished={() => setFinished(true)} />;
  if (state.isPending) return <Frame title={t("common:loading")}>{null}</Frame>;
  if (state.data?.state === "done") return <ToSignin text={t("setupDone")} />;
  if (!secret || !state.data) return <ToSignin text={t("noSecret")} />;
  return state.data.state === "recovery-key" ? (
    <Interrupted secret={secret} onBegun={setBegun} />
  ) : (
    <FirstOrganisation secret={secret} onBegun={setBegun} />
  );
}

function ToSignin({ text }: { text: string }) {
  const { t } = useTranslation("signin");
  return (
    <Frame title={t("setupTitle")} lead={text}>
      <Anchor component={Link} to="/signin">
        {t("toSignIn")}
      </Anchor>
    </Frame>
  );
}

function FirstOrganisation({ secret, onBegun }: { secret: string; onBegun: (begun: Begun) => void }) {
  const { t } = useTranslation("signin");
  const form = useForm(
    { organisation: "", jurisdiction: "ZA", displayName: "", email: "", password: "" },
    async (values) => {
      const body = { secret, ...values, email: values.email.trim() };
      const { recoveryKey } = await ask("/api/setup/begin", SetupBegun, { body, quiet401: true });
      onBegun({ recoveryKey, password: values.password });
    },
  );
  const { values, set } = form;
  return (
    <Frame title={t("setupTitle")} lead={t("setupLead")} wide>
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
        <CountryPick
          size="md"
          w={320}
          label={t("setupCountry")}
          description={t("setupCountryWhat")}
          value={values.jurisdiction}
          onChange={(jurisdiction) => set({ jurisdiction })}
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
        <Problem text={form.error} />
        <Button type="submit" size="md" loading={form.busy}>
          {t("setupBegin")}
        </Button>
      </form>
    </Frame>
  );
}

/** Somebody closed the page before the key was kept: the same link shows it again. */
function Interrupted({ secret, onBegun }: { secret: string; onBegun: (begun: Begun) => void }) {
  const { t } = useTranslation("signin");
  const form = useForm({}, async () => {
    const { recoveryKey } = await ask("/api/setup/recovery", SetupBegun, { body: { secret }, quiet401: true });
    onBegun({ recoveryKey, password: "" });
  });
  return (
    <Frame title={t("recoveryTitle")} lead={t("recoveryMissing")}>
      <form onSubmit={form.onSubmit}>
        <Problem text={form.error} />
        <Button type="submit" size="md" loading={form.busy}>
          {t("recoveryShow")}
        </Button>
      </form>
    </Frame>
  );
}

function RecoveryKey({
  recoveryKey,
  secret,
  onFinished,
}: {
  recoveryKey: string;
  secret: string;
  onFinished: () => void;
}) {
  const { t } = useTranslation("signin");
  const form = useForm({ kept: false }, async () => {
    await ask("/api/setup/finish", SetupState, { body: { secret, recoveryKeySaved: true }, quiet401: true });
    onFinished();
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
        <Problem text={form.error} />
        <Button type="submit" size="md" disabled={!form.values.kept} loading={form.busy}>
          {t("recoveryFinish")}
        </Button>
      </form>
    </Frame>
  );
}

function Problem({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <p role="alert" className="frame-error">
      {text}
    </p>
  );
}
