/** How two names of PS3.5 §6.2 (VR PN) are alike as the names of a person who registers in real life: marriages, typing errors, other scripts. */

/**
 * `alike`: family and given name agree, as far as both are there. `family`: another family name, the same given name (a marriage).
 * `given`: the same family name, another given name (a sibling). `other`: neither. `unknown`: nothing can be compared.
 */
export type NameLikeness = "alike" | "family" | "given" | "other" | "unknown";

/** The words of one component group. Where nothing says which word is the family name, `ordered` is false and `family` holds all. */
type Words = { script: string; family: string[]; given: string[]; ordered: boolean };

/** Longer names have more to compare than anybody is called. */
const MOST_WORDS = 12;
const LONGEST_WORD = 64;

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ["latin", /\p{Script=Latin}/u],
  ["cyrillic", /\p{Script=Cyrillic}/u],
  ["greek", /\p{Script=Greek}/u],
  ["kana", /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ["han", /\p{Script=Han}/u],
  ["hangul", /\p{Script=Hangul}/u],
  ["arabic", /\p{Script=Arabic}/u],
  ["hebrew", /\p{Script=Hebrew}/u],
  ["thai", /\p{Script=Thai}/u],
];

const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));
/** What stands where a name should: nobody is called so. */
const PLACEHOLDERS = set(
  "unknown unidentified unbekannt inconnu inconnue desconocido desconocida desconhecido desconhecida onbekend ismeretlen sconosciuto " +
    "trauma emergency unnamed noname nobody none name patient removed redacted hidden xx xxx xxxx na nn mr mrs ms miss dr prof herr frau",
);
const ANONYMOUS = /^(anon|deident|pseudonym)/;
/** What a newborn or a stranger is called until there is a given name. */
const NOT_YET_GIVEN = set(
  "baby babyboy babygirl boy girl bb bg newborn neonate infant twin twina twinb triplet male female man woman",
);
/** Shared by many families, and dropped or joined at will. */
const PARTICLES = set(
  "van von der den de del della di da do dos das du la le les el al bin ibn bint abu ben st zu ter ten y e",
);

/**
 * How two values of VR PN are alike: the closest pair of their component groups of one script decides. Values of any length and in any
 * script; throws nothing.
 */
export function compareNames(one: string, other: string): NameLikeness {
  const [left, right] = [groupsOf(one), groupsOf(other)];
  let best: NameLikeness = "unknown";
  for (const a of left)
    for (const b of right) {
      if (a.script !== b.script) continue;
      const found = compareGroups(a, b);
      if (CLOSENESS.indexOf(found) > CLOSENESS.indexOf(best)) best = found;
    }
  return best;
}

/** One group that agrees is enough: the others may be spelled from hearing. */
const CLOSENESS: readonly NameLikeness[] = ["unknown", "other", "given", "family", "alike"];

/** PS3.5 §6.2.1: up to three component groups, alphabetic, ideographic and phonetic. */
function groupsOf(name: string): Words[] {
  if (/[\ufffd?]/.test(name)) return []; // letters were lost on the way
  return name
    .split("=")
    .slice(0, 3)
    .flatMap((group) => wordsOf(group) ?? []);
}

function wordsOf(group: string): Words | undefined {
  const written = group.includes("^") ? group : group.replace(",", "^");
  const [first = "", ...rest] = written.split("^");
  const ordered = rest.slice(0, 2).some((component) => wordsIn(component).length > 0);
  const givenWords = rest.slice(0, 2).flatMap(wordsIn); // given and middle name; prefixes and suffixes say nothing
  const all = wordsIn(first);
  if (isJohnDoe(all, givenWords)) return undefined;
  const family = named(all);
  const given = named(givenWords).filter((word) => !NOT_YET_GIVEN.has(word) && !isCode(word));
  const script = SCRIPTS.find(([, letters]) => letters.test(family.join("")))?.[0] ?? "other";
  return family.length === 0 ? undefined : { script, family, given, ordered };
}

/** An unidentified patient of an English-speaking emergency room. */
function isJohnDoe(family: readonly string[], given: readonly string[]): boolean {
  const words = [...family, ...given];
  return words.includes("doe") && words.every((word) => /^(doe|john|jane|baby|[a-z]|\d+)$/.test(word));
}

function wordsIn(component: string): string[] {
  return fold(component)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .slice(0, MOST_WORDS)
    .map((word) => word.slice(0, LONGEST_WORD));
}

/** Words that somebody may be called, without particles as long as something else is left. */
function named(words: readonly string[]): string[] {
  const real = words.filter((word) => !PLACEHOLDERS.has(word) && !NOT_YET_GIVEN.has(word) && !ANONYMOUS.test(word));
  if (real.every(isCode) && real.length < words.length) return []; // "Trauma 7"
  const heavy = real.filter((word) => !PARTICLES.has(word));
  return heavy.length > 0 ? heavy : real;
}

const SPELLED: Readonly<Record<string, string>> = {
  ß: "ss",
  ø: "o",
  æ: "ae",
  œ: "oe",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[ßøæœłđðþı]/gu, (letter) => SPELLED[letter] ?? letter)
    .replace(/['’‘`´ʼ]/gu, "");
}

/** "SUBJ-014": what research calls somebody. */
const isCode = (word: string): boolean => /\p{N}/u.test(word);

function compareGroups(a: Words, b: Words): NameLikeness {
  const [codeA, codeB] = [a.family.some(isCode), b.family.some(isCode)];
  if (codeA !== codeB) return "unknown"; // a pseudonym says nothing of a name
  if (codeA) return a.family.join(" ") === b.family.join(" ") ? "alike" : "other";
  if (!a.ordered && !b.ordered) return compareUnordered(a.family, b.family);
  if (!a.ordered) return compareMixed(b, a.family);
  if (!b.ordered) return compareMixed(a, b.family);
  const family = anyAlike(a.family, b.family);
  const given = a.given.length === 0 || b.given.length === 0 || anyAlike(a.given, b.given, true);
  if (family) return given ? "alike" : "given";
  if (anyAlike(a.family, b.given) && anyAlike(a.given, b.family)) return "alike"; // entered the wrong way round
  return given && a.given.length > 0 && b.given.length > 0 ? "family" : "other";
}

/** "Thandi Nkosi" and "Nkosi Thandi". */
function compareUnordered(a: readonly string[], b: readonly string[]): NameLikeness {
  const shared = a.filter((word) => anyAlike([word], b)).length;
  if (shared === 0) return "other";
  return shared >= Math.min(2, a.length, b.length) ? "alike" : "given";
}

/** "Nkosi^Thandi" and "Thandi Nkosi", or a family name alone. */
function compareMixed(ordered: Words, words: readonly string[]): NameLikeness {
  const family = anyAlike(ordered.family, words);
  const others = words.filter((word) => !anyAlike([word], ordered.family));
  const given = others.length === 0 || ordered.given.length === 0 || anyAlike(ordered.given, others, true);
  if (family) return given ? "alike" : "given";
  return ordered.given.length > 0 && anyAlike(ordered.given, words) ? "family" : "other";
}

function anyAlike(left: readonly string[], right: readonly string[], shortened = false): boolean {
  return left.some((a) => right.some((b) => alikeWords(a, b) || (shortened && isShort(a, b))));
}

/** Equal but for what keyboards and alphabets do: Müller and Mueller, Nkosi and Nksoi, Mohammed and Muhammad. */
function alikeWords(a: string, b: string): boolean {
  if (a === b || plain(a) === plain(b)) return true;
  const shorter = Math.min(a.length, b.length);
  return shorter >= 4 && distance(a, b) <= (shorter >= 7 ? 2 : 1);
}

const plain = (word: string): string => word.replace(/([aou])e/g, "$1");

/** An initial, or a name cut short: J for John, Alex for Alexander. */
function isShort(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return (short.length === 1 || short.length >= 3) && long.startsWith(short);
}

/** Letters to insert, drop, change or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (rows[i - 1]?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const best = Math.min(changed, (rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(swapped ? Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1) : best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
