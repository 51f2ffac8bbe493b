import { CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import "./copyable.css";

/** A value one copies whole: shown as it is, copied with one press, and said aloud when done. */
export function Copyable({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text} timeout={1600}>
      {({ copied, copy }) => (
        <button type="button" className="copyable" onClick={copy} aria-label={`${t("copy")}: ${label ?? text}`}>
          <span className="mono">{label ?? text}</span>
          {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          <span className="sr-only" aria-live="polite">
            {copied ? t("copied") : ""}
          </span>
        </button>
      )}
    </CopyButton>
  );
}
