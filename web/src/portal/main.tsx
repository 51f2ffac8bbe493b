import "../ui/tokens.css";
import "../ui/base.css";
import i18next from "i18next";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { initReactI18next } from "react-i18next";
import { App } from "./App.tsx";
import { takeSecret } from "./secret.ts";
import { portalWords } from "./words/en.ts";
import { languageOf, portalWordsOf } from "./words/languages.ts";

const first = takeSecret();

await i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  ns: "portal",
  defaultNS: "portal" as never,
  resources: { en: { portal: portalWords } },
  interpolation: { escapeValue: false }, // React escapes
  returnNull: false,
});
const language = languageOf(navigator.languages);
await portalWordsOf(language);
await i18next.changeLanguage(language);

const host = document.getElementById("root");
if (host) {
  const root = createRoot(host);
  const show = (secret: string | undefined, key: number) =>
    root.render(
      <StrictMode>
        <App key={key} secret={secret} />
      </StrictMode>,
    );
  let turn = 0;
  show(first, turn);
  // Another link opened in the same tab changes only what stands after “#”.
  window.addEventListener("hashchange", () => show(takeSecret(), ++turn));
}
