import i18next from "i18next";

/** Dates, names and sizes as people write them; DICOM's forms in, the page's language out. */

const locale = () => i18next.language || "en";
/** en alone would give American dates; the clinics this is for write day, month, year. */
const dateLocale = () => (locale() === "en" ? "en-GB" : locale());

/** PS3.5 §6.2 DA: YYYYMMDD. What is no date comes back as it was sent. */
export function dicomDate(text: string): string {
  const date = parseDicomDate(text);
  return date
    ? new Intl.DateTimeFormat(dateLocale(), { day: "numeric", month: "short", year: "numeric" }).format(date)
    : text;
}

export function parseDicomDate(text: string): Date | undefined {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(text.trim());
  if (!match) return undefined;
  const date = new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** PS3.5 §6.2 TM: HHMMSS.FFFFFF, shown as HH:MM. */
export function dicomTime(text: string): string {
  const match = /^(\d{2}):?(\d{2})/.exec(text.trim());
  return match ? `${match[1]}:${match[2]}` : "";
}

/** PS3.5 §6.2.1 PN: the alphabetic group (or the first that is filled) as “FAMILY, Given”. */
export function personName(text: string): string {
  const group = text.split("=").find((part) => part.replace(/\^/g, "").trim() !== "") ?? "";
  const [family = "", given = "", middle = "", prefix = "", suffix = ""] = group.split("^").map((part) => part.trim());
  const first = [prefix, given, middle].filter(Boolean).join(" ");
  const last = [family, suffix].filter(Boolean).join(" ");
  if (!first) return last;
  return last ? `${last}, ${first}` : first;
}

export function yearOf(dicom: string): string {
  return /^\d{4}/.exec(dicom)?.[0] ?? dicom;
}

export function ageInYears(birthDate: string, at: string): number | undefined {
  const born = parseDicomDate(birthDate);
  const then = parseDicomDate(at) ?? new Date();
  if (!born || born > then) return undefined;
  const before =
    then.getMonth() < born.getMonth() || (then.getMonth() === born.getMonth() && then.getDate() < born.getDate());
  return then.getFullYear() - born.getFullYear() - (before ? 1 : 0);
}

export function day(instant: string | Date): string {
  return new Intl.DateTimeFormat(dateLocale(), { day: "numeric", month: "short", year: "numeric" }).format(
    new Date(instant),
  );
}

/** The year only when it is another one. */
export function shortDay(instant: string | Date): string {
  const date = new Date(instant);
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(dateLocale(), { day: "numeric", month: "short", ...year }).format(date);
}

export function clock(instant: string | Date): string {
  return new Intl.DateTimeFormat(dateLocale(), { hour: "2-digit", minute: "2-digit" }).format(new Date(instant));
}

/** Today as a time, other days as a date with the time. */
export function moment(instant: string): string {
  const then = new Date(instant);
  return then.toDateString() === new Date().toDateString() ? clock(then) : `${day(then)}, ${clock(then)}`;
}

export function ago(instant: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - instant) / 1000));
  if (seconds < 2) return i18next.t("ago.now");
  if (seconds < 60) return i18next.t("ago.seconds", { count: seconds });
  if (seconds < 3600) return i18next.t("ago.minutes", { count: Math.floor(seconds / 60) });
  if (seconds < 86_400) return i18next.t("ago.hours", { count: Math.floor(seconds / 3600) });
  return i18next.t("ago.days", { count: Math.floor(seconds / 86_400) });
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value)}\u00a0${units[unit]}`; // a number and its unit stay on one line
}

/** Thousands with a thin space, as the sheets show them. */
export function number(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** Two letters for a round mark. */
export function initials(name: string): string {
  const words = name
    .replace(/^(dr|prof|mr|mrs|ms)\.?\s+/i, "")
    .split(/[\s,]+/)
    .filter(Boolean);
  const first = words[0]?.[0] ?? "?";
  const last = words.length > 1 ? (words.at(-1)?.[0] ?? "") : "";
  return (first + last).toUpperCase();
}
