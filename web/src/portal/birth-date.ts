/** YYYYMMDD, or "" while the parts are no day of the calendar. */
export function birthDateOf({ day, month, year }: { day: string; month: string; year: string }): string {
  if (day === "" || month === "" || year.length !== 4) return "";
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  const real = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day);
  return real ? `${year}${month.padStart(2, "0")}${day.padStart(2, "0")}` : "";
}
