import { personName } from "../ui/format.ts";

/** “NKOSI^Ayanda” as “Ayanda Nkosi”. */
export function plainName(dicomName: string): string {
  const [last = "", first] = personName(dicomName).split(", ");
  return [first, last].filter(Boolean).map(calm).join(" ");
}

/** Names that shout are set in ordinary letters. */
function calm(name = ""): string {
  return name === name.toUpperCase()
    ? name.toLowerCase().replace(/(^|[\s’'-])(\p{L})/gu, (start) => start.toUpperCase())
    : name;
}

/** Whether two spellings mean one person: the same words in any order. */
export function sameName(one: string, two: string): boolean {
  const key = (name: string) =>
    plainName(name)
      .toLowerCase()
      .split(/[\s,]+/)
      .sort()
      .join(" ");
  return key(one) === key(two);
}
