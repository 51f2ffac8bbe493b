import { createHash } from "node:crypto";
import type { StudyRecipe } from "#phantoms/record/recipe.ts";
import { type Uid, uidFromBits } from "#standards/dicom/uid.ts";

/** What fixes the outcome besides the recipe: the same seed and moment give the same bytes. */
export type Moment = { readonly seed: string; readonly now: Date };

/** A study on its way: its UIDs and when it takes place. */
export type Setting = {
  readonly recipe: StudyRecipe;
  readonly studyUid: Uid;
  /** DA and TM of the study's begin. */
  readonly date: string;
  /** The TM value `seconds` after the begin. */
  readonly timeAt: (seconds: number) => string;
  /** The UID that belongs to a label within this study. */
  readonly uid: (label: string) => Uid;
};

/** A UID under 2.25 that belongs to a text: a UUID of version 8 made of its SHA-256. PS3.5 annex B.2, RFC 9562 §5.8. */
export function uidOf(text: string): Uid {
  const bits = new Uint8Array(createHash("sha256").update(text).digest().subarray(0, 16));
  bits[6] = ((bits[6] as number) & 0x0f) | 0x80;
  bits[8] = ((bits[8] as number) & 0x3f) | 0x80;
  return uidFromBits(bits);
}

const two = (number: number): string => String(number).padStart(2, "0");

/** A calendar day as DA, `days` before the given one. */
export function dayBefore(day: Date, days: number): string {
  const earlier = new Date(day.getFullYear(), day.getMonth(), day.getDate() - days);
  return `${earlier.getFullYear()}${two(earlier.getMonth() + 1)}${two(earlier.getDate())}`;
}

/** Today where the clock has passed `time` ("HHMM"), else yesterday: a study is never in the future. */
function lastDayWith(now: Date, time: string): Date {
  const passed = now.getHours() * 100 + now.getMinutes() >= Number(time);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - (passed ? 0 : 1));
}

export function settingOf(recipe: StudyRecipe, { seed, now }: Moment): Setting {
  const start = Number(recipe.time.slice(0, 2)) * 3600 + Number(recipe.time.slice(2)) * 60;
  const base = `${seed}/${recipe.label}`;
  return {
    recipe,
    studyUid: uidOf(base),
    date: dayBefore(lastDayWith(now, recipe.time), recipe.daysAgo),
    timeAt: (seconds) => {
      const at = Math.min(86399, start + Math.floor(seconds));
      return `${two(Math.floor(at / 3600))}${two(Math.floor(at / 60) % 60)}${two(at % 60)}`;
    },
    uid: (label) => uidOf(`${base}/${label}`),
  };
}

/** PS3.5 §6.2, AS: whole years between two DA values. */
export function ageAt(born: string, date: string): string {
  const years = Math.floor((Number(date) - Number(born)) / 10000);
  return `${String(Math.max(0, years)).padStart(3, "0")}Y`;
}
