import { useTranslation } from "react-i18next";
import { useSession } from "../session.ts";
import { moment } from "./format.ts";

/** Why some things wait for a day after one's sign-in was reset, and until when. */
export function RestNote() {
  const { t } = useTranslation();
  const { restsUntil } = useSession();
  if (restsUntil === null) return null;
  return (
    <p role="status" className="page-error">
      {t("rests", { until: moment(restsUntil) })}
    </p>
  );
}
