import { useTranslation } from "react-i18next";
import type { Report } from "#contract/studies.ts";
import { moment } from "../ui/format.ts";

/** Every version that was signed, by whom and when. */
export function Versions({ report }: { report: Report }) {
  const { t } = useTranslation("reports");
  if (report.versions.length < 2) return null;
  return (
    <details className="report-versions">
      <summary>
        {t("versions")} ({report.versions.length})
      </summary>
      <ol>
        {report.versions.map((one) => (
          <li key={one.version}>
            {t("version", {
              version: one.version,
              status: t(`status.${one.status as "draft"}`, { defaultValue: one.status }),
              author: one.author,
              at: moment(one.at),
            })}
          </li>
        ))}
      </ol>
    </details>
  );
}
