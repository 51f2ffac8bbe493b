export type BirthParts = { day: string; month: string; year: string };
export type BirthProblem = "birthIncomplete" | "birthShortYear" | "birthNoDay";

/** YYYYMMDD, or what is the matter with the parts as they were typed. */
export function birthDateOf({ day, month, year }: BirthParts): { date: string } | { problem: BirthProblem } {
  if (day === "" || month === "" || year === "") return { problem: "birthIncomplete" };
  if (year.length !== 4) return { problem: "birthShortYear" };
  const [y, m, d] = [Number(year), Number(month) - 1, Number(day)];
  const date = new Date(y, m, d);
  const real = date.getFullYear() === y && date.getMonth() === m && date.getDate() === d;
  return real ? { date: `${year}${month.padStart(2, "0")}${day.padStart(2, "0")}` } : { problem: "birthNoDay" };
}
