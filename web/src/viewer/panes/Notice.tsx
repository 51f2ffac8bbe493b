import { useTranslation } from "react-i18next";
import type { Trouble } from "../source/wire.ts";
import styles from "./Pane.module.css";

type Props = {
  readonly spinning?: boolean;
  readonly trouble?: Trouble;
  readonly text?: string;
  readonly onRetry?: () => void;
  /** What the button says when it is not another try. */
  readonly action?: string;
};

/** What stands where an image should: that it is coming, or why it is not. */
export function Notice({ spinning = false, trouble, text, onRetry, action }: Props) {
  const { t } = useTranslation("viewer");
  return (
    <div className={styles.notice} role={trouble ? "alert" : "status"}>
      {spinning && <span className={styles.spinner} />}
      {trouble && <p>{sayTrouble(t, trouble)}</p>}
      {text && <p>{text}</p>}
      {onRetry && (
        <button type="button" className={styles.button} onClick={onRetry}>
          {action ?? t("pane.retry")}
        </button>
      )}
    </div>
  );
}

type Say = ReturnType<typeof useTranslation<"viewer">>["t"];

function sayTrouble(t: Say, { kind, detail }: Trouble): string {
  switch (kind) {
    case "gone":
      return t("pane.missing");
    case "offline":
      return t("pane.offline");
    case "refused":
      return t("pane.refused", { detail });
    case "broken":
      return t("pane.broken", { detail });
  }
}
