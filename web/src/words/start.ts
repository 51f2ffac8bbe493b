import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { number } from "../ui/format.ts";
import { english } from "./english.ts";

/** Words first: screens draw only after this. Everything is bundled, nothing is fetched from elsewhere. */
export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    defaultNS: "common",
    resources: { en: english },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  i18next.services.formatter?.add("number", (value: unknown) => number(Number(value)));
}
