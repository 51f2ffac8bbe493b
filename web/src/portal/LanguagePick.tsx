import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language, portalWordsOf } from "./words/languages.ts";

/** The page in another language at once; the choice is not kept. */
export function LanguagePick({ offered = [] }: { offered?: readonly string[] }) {
  const { t, i18n } = useTranslation("portal");
  const shown = LANGUAGES.filter(
    ({ code }) => offered.length === 0 || offered.some((one) => one.startsWith(code)) || code === i18n.language,
  );
  if (shown.length < 2) return null;
  const choose = async (language: Language) => {
    await portalWordsOf(language);
    await i18n.changeLanguage(language);
  };
  return (
    <select
      className="portal-language"
      aria-label={t("language")}
      value={i18n.language}
      onChange={(event) => void choose(event.currentTarget.value as Language)}
    >
      {shown.map(({ code, name }) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </select>
  );
}
