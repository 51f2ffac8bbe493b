import { PasswordInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

const LEAST = 12;

/** A new password: long, and nothing else is asked of it. */
export function NewPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("signin");
  const missing = LEAST - value.length;
  return (
    <PasswordInput
      label={t("password")}
      description={value !== "" && missing > 0 ? t("passwordShort", { count: missing }) : t("passwordRule")}
      autoComplete="new-password"
      size="md"
      required
      withAsterisk={false}
      minLength={LEAST}
      maxLength={256}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
