import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { sayRefusal } from "../words/say.ts";
import { useReturnFocus } from "./useReturnFocus.ts";

/** Asks once before something that cannot be undone, and says what will happen. */
export function Confirm({
  title,
  text,
  action,
  onDo,
  onClose,
}: {
  title: string;
  text: string;
  action: string;
  onDo: () => Promise<unknown>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  useReturnFocus();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const go = async () => {
    setBusy(true);
    try {
      await onDo();
      onClose();
    } catch (thrown) {
      setError(sayRefusal(thrown));
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title} size={440}>
      <div className="page-form">
        <p>{text}</p>
        {error && (
          <p role="alert" className="page-error">
            {error}
          </p>
        )}
        <div className="page-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button color="red" loading={busy} onClick={() => void go()}>
            {action}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
