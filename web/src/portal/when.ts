import i18next from "i18next";

const locale = () => (i18next.language === "en" ? "en-GB" : i18next.language);

/** “1 December”, with the year when it is another one. */
export function longDay(instant: string | Date): string {
  const date = new Date(instant);
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "long", ...year }).format(date);
}

/** A study's date as people say it; what is no date stays as it is. */
export function studyDay(dicom: string): string {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(dicom);
  if (!match) return dicom;
  const date = new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "long", year: "numeric" }).format(date);
}

export function partOfDay(hour: number): "morning" | "day" | "evening" {
  if (hour < 12) return "morning";
  return hour < 18 ? "day" : "evening";
}
