import { Anchor, Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeBoxes } from "../ui/CodeBoxes.tsx";
import { withBackupCode, withTotp } from "./auth.ts";
import { Frame } from "./Frame.tsx";
import { sayFailure } from "./failure.ts";

/** The second factor: six digits, or a backup code once. */
export function CodeStep({ onDone, onBack }: { onDone: () => Promise<void>; onBack: () => void }) {
  const { t } = useTranslation("signin");
  const [kind, setKind] = useState<"app" | "backup">("app");
  const [code, setCode] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const check = async (value: string) => {
    setBusy(true);
    setError(undefined);
    try {
      await (kind === "app" ? withTotp(value) : withBackupCode(value.trim()));
      await onDone();
    } catch (thrown) {
      setError(sayFailure(thrown, t("wrongCode")));
      setCode("");
    }
    setBusy(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void check(code);
  };
  const swap = () => {
    setKind(kind === "app" ? "backup" : "app");
    setCode("");
    setError(undefined);
  };
  return (
    <Frame title={t("codeTitle")} lead={kind === "app" ? t("codeLead") : undefined}>
      <form onSubmit={submit}>
        {kind === "app" ? (
          <CodeBoxes
            label={t("codeLabel")}
            value={code}
            onChange={setCode}
            onComplete={(value) => void check(value)}
            error={error}
            autoFocus
            disabled={busy}
          />
        ) : (
          <TextInput
            label={t("backupLabel")}
            size="md"
            autoComplete="off"
            data-autofocus
            value={code}
            error={error}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        )}
        <Button type="submit" size="md" loading={busy} disabled={code === ""}>
          {t("confirm")}
        </Button>
      </form>
      <div className="frame-row" style={{ justifyContent: "space-between" }}>
        <Anchor component="button" type="button" size="sm" onClick={swap}>
          {kind === "app" ? t("backupInstead") : t("codeInstead")}
        </Anchor>
        <Anchor component="button" type="button" size="sm" c="dimmed" onClick={onBack}>
          {t("startAgain")}
        </Anchor>
      </div>
    </Frame>
  );
}
