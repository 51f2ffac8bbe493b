import { useTranslation } from "react-i18next";
import { Lamp } from "../../ui/Lamp.tsx";
import paneStyles from "../panes/Pane.module.css";
import styles from "./Gone.module.css";

/** What is left when a right has ended: a calm sentence and the way back. */
export function Gone({ onBack }: { onBack: () => void }) {
  const { t } = useTranslation("viewer");
  return <Message title={t("gone.title")} text={t("gone.text")} action={t("gone.back")} onAction={onBack} />;
}

export function Failed({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation("viewer");
  return <Message title={t("failed.title")} text={t("failed.text")} action={t("failed.retry")} onAction={onRetry} />;
}

type MessageProps = { title: string; text: string; action: string; onAction: () => void };
function Message({ title, text, action, onAction }: MessageProps) {
  return (
    <main className={styles.page} role="alert">
      <Lamp />
      <h1>{title}</h1>
      <p>{text}</p>
      <button type="button" className={paneStyles.button} onClick={onAction}>
        {action}
      </button>
    </main>
  );
}
