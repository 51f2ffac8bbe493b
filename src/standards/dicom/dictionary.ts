import { Fault } from "#kit/fault.ts";
import { ATTRIBUTES } from "#standards/dicom/generated/dictionary.ts";
import { isGroupLength, isPrivate, isPrivateCreator, type Tag, tagText } from "#standards/dicom/tag.ts";
import type { Vr } from "#standards/dicom/vr.ts";

/** What PS3.6 says of an attribute. Several `vrs` where the standard leaves the choice to other attributes ("US or SS"). */
export type DictionaryEntry = {
  readonly keyword: string;
  readonly name: string;
  readonly vrs: readonly Vr[];
  readonly vm: string;
  readonly retired: boolean;
};

const exact = new Map<Tag, DictionaryEntry>();
const byKeyword = new Map<string, Tag>();
/** Repeating groups and elements such as (60xx,3000), under the bits that are fixed in them. */
const repeating = new Map<number, Map<Tag, DictionaryEntry>>();

const nameFromKeyword = (keyword: string) => keyword.replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3 $2");

function load(line: string): void {
  const [digits = "", keyword = "", vrs = "", vm = "", retired = "", name = ""] = line.split("|");
  const entry: DictionaryEntry = {
    keyword,
    get name() {
      return name === "" ? nameFromKeyword(keyword) : name;
    },
    vrs: vrs === "" ? [] : (vrs.split("/") as Vr[]),
    vm: vm === "" ? "1" : vm,
    retired: retired === "R",
  };
  const tag = Number.parseInt(digits.replaceAll("X", "0"), 16);
  if (keyword !== "") byKeyword.set(keyword, tag);
  if (!digits.includes("X")) {
    exact.set(tag, entry);
    return;
  }
  const mask = Number.parseInt(digits.replace(/[^X]/g, "F").replaceAll("X", "0"), 16);
  const entries = repeating.get(mask) ?? new Map<Tag, DictionaryEntry>();
  repeating.set(mask, entries.set(tag, entry));
}

for (const line of ATTRIBUTES.split("\n")) load(line);

/** The entry of a public attribute, repeating groups (50xx, 60xx) included; undefined for private and unknown ones. PS3.6 §6. */
export function entryOf(tag: Tag): DictionaryEntry | undefined {
  const entry = exact.get(tag);
  if (entry !== undefined || isPrivate(tag)) return entry;
  for (const [mask, entries] of repeating) {
    const match = entries.get((tag & mask) >>> 0);
    if (match !== undefined) return match;
  }
  return undefined;
}

/** The tag of a keyword ("PatientName"); of a repeating group its first one. Throws `input.invalid` for words PS3.6 does not know. */
export function tagOf(keyword: string): Tag {
  const tag = byKeyword.get(keyword);
  if (tag === undefined) throw new Fault("input.invalid", `no attribute is called ${keyword.slice(0, 64)}`);
  return tag;
}

/** "(0028,0010) Rows": how faults and people name an element, never its value. */
export function placeOf(tag: Tag): string {
  const name = entryOf(tag)?.name;
  return name === undefined || name === "" ? tagText(tag) : `${tagText(tag)} ${name}`;
}

/**
 * The VRs that an element may have when the data set does not say (implicit VR): the dictionary's, LO for private creators, UL for
 * group lengths (PS3.5 §7.2, §7.8.1), else UN.
 */
export function impliedVrs(tag: Tag): readonly Vr[] {
  const vrs = entryOf(tag)?.vrs;
  if (vrs !== undefined && vrs.length > 0) return vrs;
  if (isGroupLength(tag)) return GROUP_LENGTH;
  return isPrivateCreator(tag) ? PRIVATE_CREATOR : UNKNOWN;
}

const GROUP_LENGTH: readonly Vr[] = ["UL"];
const PRIVATE_CREATOR: readonly Vr[] = ["LO"];
const UNKNOWN: readonly Vr[] = ["UN"];
