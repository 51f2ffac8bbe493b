import type { useTranslation } from "react-i18next";
import { Refused } from "../api.ts";

/** What went wrong that is not a closed link, in one sentence. */
export function troubleOf(thrown: unknown, t: ReturnType<typeof useTranslation<"portal">>["t"]): string {
  if (!(thrown instanceof Refused)) return t("trouble.other");
  if (thrown.status === 0) return t("trouble.offline");
  return thrown.status === 429 ? t("trouble.busy") : t("trouble.other");
}
