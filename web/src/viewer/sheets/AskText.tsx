import { useState } from "react";
import { useTranslation } from "react-i18next";
import paneStyles from "../panes/Pane.module.css";
import styles from "./Sheet.module.css";

type Props = { readonly held: string; readonly onDone: (text: string | undefined) => void };

/** Asks for the text of an arrow. */
export function AskText({ held, onDone }: Props) {
  const { t } = useTranslation("viewer");
  const [text, setText] = useState(held);
  return (
    <div className={styles.ask}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onDone(text.trim());
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone(undefined);
        }}
      >
        <label>
          {t("measure.arrowTitle")}
          {/* biome-ignore lint/a11y/noAutofocus: the arrow was drawn to be named */}
          <input autoFocus maxLength={200} value={text} onChange={(event) => setText(event.currentTarget.value)} />
        </label>
        <div>
          <button type="button" className={paneStyles.button} onClick={() => onDone(undefined)}>
            {t("measure.arrowCancel")}
          </button>
          <button type="submit" className={paneStyles.button}>
            {t("measure.arrowDone")}
          </button>
        </div>
      </form>
    </div>
  );
}
