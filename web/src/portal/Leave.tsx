import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { DOWNLOAD } from "./client.ts";

/** Before a copy leaves: what that means, in words, and the way back as near as the way on. */
export function Leave({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("portal");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className="portal-leave" aria-labelledby="leave-title" onClose={onClose}>
      <h2 id="leave-title">{t("leave.title")}</h2>
      <p>{t("leave.text")}</p>
      <button type="button" className="portal-button portal-primary" onClick={() => dialog.current?.close()}>
        {t("leave.no")}
      </button>
      <a className="portal-button" href={DOWNLOAD} download onClick={() => dialog.current?.close()}>
        {t("leave.sure")}
      </a>
    </dialog>
  );
}
