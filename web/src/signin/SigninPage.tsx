import { Button, PasswordInput, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { withPasskey, withPassword } from "./auth.ts";
import { CodeStep } from "./CodeStep.tsx";
import { EnrolStep } from "./EnrolStep.tsx";
import { Frame } from "./Frame.tsx";
import { sayFailure } from "./failure.ts";

type Step = "password" | "code" | "enrol";

/** Password, then the second factor; or a passkey, which is both. */
export function SigninPage() {
  const [step, setStep] = useState<Step>("password");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const enter = useEnter();
  if (step === "code") return <CodeStep onDone={enter} onBack={() => setStep("password")} />;
  if (step === "enrol") return <EnrolStep password={password} onDone={enter} />;
  return (
    <PasswordStep
      {...{ email, setEmail, password, setPassword }}
      onCode={() => setStep("code")}
      onEnrol={() => setStep("enrol")}
      onDone={enter}
    />
  );
}

/** Goes where the person wanted to go before signing in. */
export function useEnter(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { to } = useSearch({ strict: false }) as { to?: string };
  return async () => {
    queries.clear();
    await navigate({ to: to?.startsWith("/") && !to.startsWith("//") ? to : "/studies" });
  };
}

type PasswordProps = {
  email: string;
  setEmail: (value: string) => void;
  password: string;
  setPassword: (value: string) => void;
  onCode: () => void;
  onEnrol: () => void;
  onDone: () => Promise<void>;
};

function PasswordStep({ email, setEmail, password, setPassword, onCode, onEnrol, onDone }: PasswordProps) {
  const { t } = useTranslation("signin");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState<"password" | "passkey">();
  const { ended } = useSearch({ strict: false }) as { ended?: true };
  const attempt = async (which: "password" | "passkey", work: () => Promise<void>) => {
    setBusy(which);
    setError(undefined);
    await work().catch((thrown: unknown) => setError(sayFailure(thrown, t("wrong"))));
    setBusy(undefined);
  };
  const byPassword = (event: FormEvent) => {
    event.preventDefault();
    void attempt("password", async () => {
      if ((await withPassword(email.trim(), password)) === "code") onCode();
      else onEnrol();
    });
  };
  return (
    <Frame title={t("title")} lead={t(ended ? "ended" : "lead")}>
      <form onSubmit={byPassword}>
        <TextInput
          label={t("email")}
          type="email"
          autoComplete="username webauthn"
          size="md"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          data-autofocus
        />
        <PasswordInput
          label={t("password")}
          autoComplete="current-password"
          size="md"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {error && (
          <p role="alert" className="frame-error">
            {error}
          </p>
        )}
        <Button type="submit" size="md" loading={busy === "password"}>
          {t("signIn")}
        </Button>
      </form>
      <div className="frame-or">{t("or")}</div>
      <Button
        variant="default"
        size="md"
        loading={busy === "passkey"}
        leftSection={<IconFingerprint size={18} aria-hidden />}
        title={t("passkeyWhat")}
        onClick={() => void attempt("passkey", () => withPasskey().then(onDone))}
      >
        {t("passkey")}
      </Button>
    </Frame>
  );
}
