import i18next from "i18next";

/** The portal's languages, each by its own name. English is bundled; the others come when they are chosen. */
export const LANGUAGES = [
  { code: "en", name: "English" },
  { code: "af", name: "Afrikaans" },
  { code: "zu", name: "isiZulu" },
  { code: "de", name: "Deutsch" },
  { code: "fr", name: "Français" },
] as const;
export type Language = (typeof LANGUAGES)[number]["code"];

const WORDS: Record<Language, () => Promise<{ portalWords: object }>> = {
  en: () => import("./en.ts"),
  af: () => import("./af.ts"),
  zu: () => import("./zu.ts"),
  de: () => import("./de.ts"),
  fr: () => import("./fr.ts"),
};

/** Makes a language's words ready to use. */
export async function portalWordsOf(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, "portal")) return;
  const { portalWords } = await WORDS[language]();
  i18next.addResourceBundle(language, "portal", portalWords);
}

/** The first language the browser asks for that is offered too. */
export function languageOf(wanted: readonly string[], offered: readonly string[] = []): Language {
  const known = LANGUAGES.filter(({ code }) => offered.length === 0 || offered.some((one) => one.startsWith(code)));
  for (const want of wanted) {
    const found = known.find(({ code }) => want.toLowerCase().startsWith(code));
    if (found) return found.code;
  }
  return known[0]?.code ?? "en";
}
