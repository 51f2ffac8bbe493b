import i18next from "i18next";

/** Months of the languages whose dates a browser may lack (Chromium has no isiZulu), as CLDR has them. */
const MONTHS: Readonly<Record<string, readonly string[]>> = {
  zu: "Januwari Februwari Mashi Ephreli Meyi Juni Julayi Agasti Septhemba Okthoba Novemba Disemba".split(" "),
};

/** “1 December” or “1 December 2026” in a language of the portal. */
export function dayIn(language: string, date: Date, withYear: boolean): string {
  const month = MONTHS[language]?.[date.getMonth()];
  if (month) return `${date.getDate()} ${month}${withYear ? ` ${date.getFullYear()}` : ""}`;
  const year = withYear ? { year: "numeric" as const } : {};
  const locale = language === "en" ? "en-GB" : language;
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", ...year }).format(date);
}

/** “1 December”, with the year when it is another one. */
export function longDay(instant: string | Date): string {
  const date = new Date(instant);
  return dayIn(i18next.language, date, date.getFullYear() !== new Date().getFullYear());
}

/** A study's date as people say it; what is no date stays as it is. */
export function studyDay(dicom: string): string {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(dicom);
  if (!match) return dicom;
  return dayIn(i18next.language, new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3])), true);
}

export function partOfDay(hour: number): "morning" | "day" | "evening" {
  if (hour < 12) return "morning";
  return hour < 18 ? "day" : "evening";
}
