import { useTranslation } from "react-i18next";
import { ago } from "../ui/format.ts";
import { useNow } from "../ui/useNow.ts";

/** How old the list is; the point says whether news arrive by themselves. */
export function Updated({ at, busy, connected }: { at: number; busy: boolean; connected: boolean }) {
  const { t } = useTranslation("worklist");
  const now = useNow(1000);
  return (
    <span className="updated" data-connected={connected || undefined} data-busy={busy || undefined}>
      {connected ? t("updated", { ago: ago(at, Math.max(now, at)) }) : t("reconnecting")}
    </span>
  );
}
