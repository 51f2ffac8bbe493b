import { useState } from "react";
import { useTranslation } from "react-i18next";
import { birthDateOf } from "./birth-date.ts";

/** Day, month, year as three short fields: easier on a phone than a calendar that starts today. Answers YYYYMMDD, or "" while incomplete. */
export function BirthDate({ onChange }: { onChange: (date: string) => void }) {
  const { t } = useTranslation("portal");
  const [parts, setParts] = useState({ day: "", month: "", year: "" });
  const set = (part: Partial<typeof parts>) => {
    const next = { ...parts, ...part };
    setParts(next);
    onChange(birthDateOf(next));
  };
  const field = (
    name: "day" | "month" | "year",
    label: string,
    length: number,
    complete: "bday-day" | "bday-month" | "bday-year",
  ) => (
    <label className="portal-field">
      {label}
      <input
        inputMode="numeric"
        autoComplete={complete}
        maxLength={length}
        value={parts[name]}
        onChange={(event) => set({ [name]: event.currentTarget.value.replace(/\D/g, "") })}
      />
    </label>
  );
  return (
    <div className="portal-birth">
      {field("day", t("card.birthDay"), 2, "bday-day")}
      {field("month", t("card.birthMonth"), 2, "bday-month")}
      {field("year", t("card.birthYear"), 4, "bday-year")}
    </div>
  );
}
