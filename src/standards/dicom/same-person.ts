import { compareNames, type NameLikeness } from "./person-name.ts";

/** What an object says of its patient: PS3.3 §C.7.1.1, as sent, empty where nothing was. */
export type PatientIdentity = { issuer: string; patientId: string; name: string; birthDate: string; sex: string };

/**
 * `same`: nothing but what life and typing do stands against it, and name or birth date speak for it. `doubtful`: one of them differs,
 * or neither is there; objects stay together under their shared identifier, but that alone lets nothing leave. `contradicts`: two
 * things differ that do not both differ for one person.
 */
export type SamePerson = "same" | "doubtful" | "contradicts";

type Dates = "equal" | "near" | "other" | "unknown";
type Plain = "equal" | "other" | "unknown";
type Compared = { name: NameLikeness; born: Dates; sex: Plain; id: Plain };

/**
 * Whether two objects that share an identifier (the Patient ID, or the Study Instance UID) can be of one person. One field that
 * differs is a typing error, a marriage or a correction; two that differ are two people.
 */
export function samePerson(known: PatientIdentity, arriving: PatientIdentity): SamePerson {
  const compared = compare(known, arriving);
  if (contradicts(compared)) return "contradicts";
  return speaksForIt(compared) ? "same" : "doubtful";
}

/** How much speaks for it, to choose among several who do not contradict: 0 is nothing. */
export function likeness(known: PatientIdentity, arriving: PatientIdentity): number {
  const { name, born, sex } = compare(known, arriving);
  const spelled = known.name === arriving.name && known.birthDate === arriving.birthDate && known.sex === arriving.sex;
  return (
    (spelled ? 10 : 0) +
    { alike: 4, family: 1, given: 1, other: 0, unknown: 0 }[name] +
    { equal: 4, near: 2, other: 0, unknown: 0 }[born] +
    (sex === "equal" ? 1 : 0)
  );
}

function compare(known: PatientIdentity, arriving: PatientIdentity): Compared {
  return {
    name: compareNames(known.name, arriving.name),
    born: compareDates(known.birthDate, arriving.birthDate),
    sex: compareSexes(known.sex, arriving.sex),
    id: compareIds(known, arriving),
  };
}

function contradicts({ name, born, sex, id }: Compared): boolean {
  const nameDiffers = name === "other" || name === "given" || name === "family";
  const bornDiffers = born === "other" || (born === "near" && (name === "other" || name === "given"));
  const spokenFor = born === "equal" && (name === "alike" || name === "family"); // then a new number is the clerk's
  const differing = [nameDiffers, bornDiffers, sex === "other", id === "other" && !spokenFor];
  return differing.filter(Boolean).length >= 2;
}

function speaksForIt({ name, born, sex, id }: Compared): boolean {
  if (name === "alike" && born === "equal") return true;
  if (sex === "other" || id === "other") return false;
  return (name === "alike" && born !== "other") || ((name === "unknown" || name === "family") && born === "equal");
}

function compareDates(one: string, other: string): Dates {
  const [a, b] = [dateOf(one), dateOf(other)];
  if (a === undefined || b === undefined) return "unknown";
  if (a === b) return "equal";
  return isSlip(a, b) ? "near" : "other";
}

/** PS3.5 §6.2 (VR DA), also with the dots of ACR-NEMA and the hyphens of others. Dates that stand for none are none. */
function dateOf(text: string): string | undefined {
  const found = /^(\d{4})[.-]?(0[1-9]|1[0-2])[.-]?(0[1-9]|[12]\d|3[01])$/.exec(text.trim());
  const date = found?.slice(1).join("");
  const placeholder = date === undefined || date < "19000102" || date > "2199" || date === "19010101";
  return placeholder ? undefined : date;
}

/** One wrong digit, two swapped, day and month the wrong way round, the day before, or only the year known. */
function isSlip(a: string, b: string): boolean {
  const differing = [...a].flatMap((digit, at) => (digit === b[at] ? [] : [at]));
  const [first = 0, second = 0] = differing;
  if (differing.length === 1) return true;
  if (differing.length === 2 && second === first + 1 && a[first] === b[second] && a[second] === b[first]) return true;
  const [year, otherYear] = [a.slice(0, 4), b.slice(0, 4)];
  if (year === otherYear && (a.endsWith("0101") || b.endsWith("0101"))) return true;
  if (year === otherYear && a.slice(4, 6) === b.slice(6) && a.slice(6) === b.slice(4, 6)) return true;
  return Math.abs(dayOf(a) - dayOf(b)) <= 86_400_000;
}

const dayOf = (date: string): number => Date.UTC(+date.slice(0, 4), +date.slice(4, 6) - 1, +date.slice(6));

/** PS3.3 §C.7.1.1: M, F and O; other than M and F may be anybody. */
function compareSexes(one: string, other: string): Plain {
  const [a, b] = [one, other].map((sex) => /^[MF]/i.exec(sex.trim())?.[0].toUpperCase());
  if (a === undefined || b === undefined) return "unknown";
  return a === b ? "equal" : "other";
}

/** Identifiers compare under one issuer only. One may carry the other with a prefix or leading zeros, or among several. */
function compareIds(one: PatientIdentity, other: PatientIdentity): Plain {
  if (one.issuer !== "" && other.issuer !== "" && one.issuer !== other.issuer) return "unknown";
  const [left, right] = [idsOf(one.patientId), idsOf(other.patientId)];
  if (left.length === 0 || right.length === 0) return "unknown";
  return left.some((a) => right.some((b) => a === b || carries(a, b) || carries(b, a))) ? "equal" : "other";
}

function idsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split("\\")
    .map((id) => id.replace(/[^\p{L}\p{N}]/gu, "").replace(/^0+/, ""))
    .filter((id) => id !== "" && !/^(anon|unknown|none|deident)/.test(id));
}

const carries = (long: string, short: string): boolean => short.length >= 4 && long.endsWith(short);
