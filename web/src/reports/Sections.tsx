import { useTranslation } from "react-i18next";
import type { ReportText } from "#contract/studies.ts";
import { SECTIONS } from "./sections.ts";

/** A report's text to be read: the sections that say something. */
export function Sections({ text }: { text: ReportText }) {
  const { t } = useTranslation("reports");
  return SECTIONS.map(
    (name) =>
      text[name] && (
        <section key={name}>
          <h3>{t(`section.${name}`)}</h3>
          <p>{text[name]}</p>
        </section>
      ),
  );
}
