import { MultiSelect, type OptionsFilter, Select } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Country, countriesIn, meansCountry } from "./countries.ts";

type Common = { label: string; description?: string; size?: string; w?: number };

const filter: OptionsFilter = ({ options, search }) =>
  (options as Country[]).filter((country) => meansCountry(country, search));

function useCountries() {
  const { t, i18n } = useTranslation("common");
  const data = useMemo(() => countriesIn(i18n.language), [i18n.language]);
  return { data, filter, searchable: true, nothingFoundMessage: t("noCountry") } as const;
}

/** One country by its name; the code of ISO 3166-1 is what it answers. */
export function CountryPick({
  value,
  onChange,
  ...field
}: Common & { value: string; onChange: (code: string) => void }) {
  return (
    <Select
      {...field}
      {...useCountries()}
      allowDeselect={false}
      value={value}
      onChange={(code) => code && onChange(code)}
    />
  );
}

/** Several countries by their names. */
export function CountriesPick({
  value,
  onChange,
  ...field
}: Common & { value: string[]; onChange: (codes: string[]) => void }) {
  return <MultiSelect {...field} {...useCountries()} value={value} onChange={onChange} />;
}
