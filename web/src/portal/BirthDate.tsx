import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type BirthParts, type BirthProblem, birthDateOf } from "./birth-date.ts";

const FIELDS = [
  { name: "day", label: "card.birthDay", length: 2, complete: "bday-day" },
  { name: "month", label: "card.birthMonth", length: 2, complete: "bday-month" },
  { name: "year", label: "card.birthYear", length: 4, complete: "bday-year" },
] as const;

export const NO_BIRTH_DATE = { problem: "birthIncomplete" } as const;

type Props = {
  invalid: boolean;
  /** YYYYMMDD, or what is the matter with it. */
  onChange: (birth: { date: string } | { problem: BirthProblem }) => void;
};

/** Day, month, year as three short fields, one leading to the next: easier on a phone than a calendar that starts today. */
export function BirthDate({ invalid, onChange }: Props) {
  const { t } = useTranslation("portal");
  const [parts, setParts] = useState<BirthParts>({ day: "", month: "", year: "" });
  const inputs = useRef<(HTMLInputElement | null)[]>([]);
  const type = (at: number, typed: string) => {
    const field = FIELDS[at];
    if (!field) return;
    const next = { ...parts, [field.name]: typed.replace(/\D/g, "").slice(0, field.length) };
    setParts(next);
    onChange(birthDateOf(next));
    if (next[field.name].length === field.length && next[field.name].length > parts[field.name].length)
      inputs.current[at + 1]?.focus();
  };
  const onKey = (at: number, event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== "Backspace" || event.currentTarget.value !== "" || at === 0) return;
    event.preventDefault();
    inputs.current[at - 1]?.focus();
  };
  return (
    <div className="portal-birth">
      {FIELDS.map(({ name, label, length, complete }, at) => (
        <label key={name} className="portal-field">
          {t(label)}
          <input
            ref={(input) => {
              inputs.current[at] = input;
            }}
            inputMode="numeric"
            autoComplete={complete}
            maxLength={length}
            value={parts[name]}
            aria-invalid={invalid}
            onChange={(event) => type(at, event.currentTarget.value)}
            onKeyDown={(event) => onKey(at, event)}
          />
        </label>
      ))}
    </div>
  );
}
