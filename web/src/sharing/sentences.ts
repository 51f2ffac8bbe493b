import i18next from "i18next";
import type { ShareVerdict } from "#contract/sharing.ts";
import { PURPOSES } from "#contract/words.ts";
import { day, personName } from "../ui/format.ts";

type Sentence = ShareVerdict["sentences"][number];

/** A sentence of the verdict in words; empty for a key this page does not know, so that no code stands among the words. */
export function saySentence({ key, values }: Sentence): string {
  const path = `sharing:sentence.${key.replace(/^share\./, "")}`;
  if (!i18next.exists(path)) return "";
  const said = i18next.t(path as never, readable(values) as never) as unknown as string;
  return said.replace(/^[a-z]/, (first) => first.toUpperCase());
}

/** Dates and purposes arrive as codes and leave as words. */
function readable(values: Sentence["values"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, name === "name" ? personName(value) : word(value)]),
  );
}

function word(value: string): string {
  if (/^\d{4}-\d{2}-\d{2}(T|$)/.test(value)) return day(value);
  const purpose = PURPOSES.find((known) => known === value);
  return purpose ? i18next.t(`purpose.${purpose}`).toLowerCase() : value;
}
