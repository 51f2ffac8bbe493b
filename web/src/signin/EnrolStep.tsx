import { Button, PasswordInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeBoxes } from "../ui/CodeBoxes.tsx";
import { Qr } from "../ui/Qr.tsx";
import { type Enrolment, enrolTotp, withTotp } from "./auth.ts";
import { Frame } from "./Frame.tsx";
import { sayFailure } from "./failure.ts";

/** First sign-in: scan, confirm once, keep the backup codes. Without it nobody gets further. */
export function EnrolStep({ password, onDone }: { password: string; onDone: () => Promise<void> }) {
  const { t } = useTranslation("signin");
  const [again, setAgain] = useState<Enrolment>();
  const [confirmed, setConfirmed] = useState(false);
  const begun = useQuery({
    queryKey: ["enrolment"],
    queryFn: () => enrolTotp(password),
    enabled: password !== "",
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  const enrolment = again ?? begun.data;
  if (enrolment && confirmed) return <BackupCodes codes={enrolment.backupCodes} onDone={onDone} />;
  if (enrolment) return <Scan enrolment={enrolment} onConfirmed={() => setConfirmed(true)} />;
  if (begun.isError || password === "") return <AskPassword onEnrolled={setAgain} />;
  return <Frame title={t("enrolTitle")}>{null}</Frame>;
}

function AskPassword({ onEnrolled }: { onEnrolled: (enrolment: Enrolment) => void }) {
  const { t } = useTranslation("signin");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enrolTotp(password).then(onEnrolled, (thrown: unknown) => setError(sayFailure(thrown, t("wrong"))));
  };
  return (
    <Frame title={t("enrolTitle")} lead={t("enrolPassword")}>
      <form onSubmit={submit}>
        <PasswordInput
          label={t("password")}
          autoComplete="current-password"
          size="md"
          value={password}
          error={error}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" size="md" disabled={password === ""}>
          {t("enrolNext")}
        </Button>
      </form>
    </Frame>
  );
}

function Scan({ enrolment, onConfirmed }: { enrolment: Enrolment; onConfirmed: () => void }) {
  const { t } = useTranslation("signin");
  const [code, setCode] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const check = async (value: string) => {
    setBusy(true);
    await withTotp(value).then(onConfirmed, (thrown: unknown) => {
      setError(sayFailure(thrown, t("wrongCode")));
      setCode("");
    });
    setBusy(false);
  };
  const key = new URL(enrolment.totpURI).searchParams.get("secret") ?? "";
  return (
    <Frame title={t("enrolTitle")} lead={t("enrolLead")}>
      <div className="frame-qr">
        <Qr text={enrolment.totpURI} label={t("enrolQr")} size={196} />
      </div>
      <details>
        <summary className="muted">{t("enrolManual")}</summary>
        <p className="frame-key">{key.replace(/(.{4})(?=.)/g, "$1 ")}</p>
      </details>
      <CodeBoxes
        label={t("codeLabel")}
        value={code}
        onChange={setCode}
        onComplete={(value) => void check(value)}
        error={error}
        disabled={busy}
        autoFocus
      />
    </Frame>
  );
}

function BackupCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => Promise<void> }) {
  const { t } = useTranslation(["signin", "common"]);
  return (
    <Frame title={t("backupTitle")} lead={t("backupLead")}>
      <div className="frame-codes">
        {codes.map((code) => (
          <span key={code}>{code}</span>
        ))}
      </div>
      <div className="frame-row">
        <Button variant="default" onClick={() => void navigator.clipboard.writeText(codes.join("\n"))}>
          {t("common:copy")}
        </Button>
        <Button variant="default" onClick={() => window.print()}>
          {t("recoveryPrint")}
        </Button>
      </div>
      <Button size="md" onClick={() => void onDone()}>
        {t("backupKept")}
      </Button>
    </Frame>
  );
}
