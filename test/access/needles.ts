import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A value that was put in somewhere, under the name of what it is. */
export type Planted = { field: string; value: string };
export type FoundIn = { field: string; path: string; as: string };

/** A word of eleven letters that stands nowhere else: the same for the same name. */
export function wordFor(name: string): string {
  const [consonants, vowels] = ["bdfgklmnprstvz", "aeiou"];
  const bytes = createHash("sha256").update(name).digest();
  const letters = Array.from({ length: 11 }, (_, at) => {
    const set = at % 2 === 0 ? consonants : vowels;
    return set[(bytes[at] ?? 0) % set.length];
  });
  const word = letters.join("");
  return word[0]?.toUpperCase() + word.slice(1);
}

/** How a value may lie on a disk: as characters of some encoding and case, or as what a careless program makes of it. */
function shapesOf(value: string): Map<string, Buffer> {
  const shapes = new Map<string, Buffer>();
  for (const [name, text] of [
    ["as it is", value],
    ["lower case", value.toLowerCase()],
    ["upper case", value.toUpperCase()],
  ] as const) {
    const utf16 = Buffer.from(text, "utf16le");
    shapes.set(`${name}, UTF-8`, Buffer.from(text, "utf8"));
    shapes.set(`${name}, Latin-1`, Buffer.from(text, "latin1"));
    shapes.set(`${name}, UTF-16LE`, utf16);
    shapes.set(`${name}, UTF-16BE`, Buffer.from(utf16).swap16());
  }
  const bytes = Buffer.from(value, "utf8");
  shapes.set("hexadecimal", Buffer.from(bytes.toString("hex")));
  shapes.set("percent-encoded", Buffer.from(encodeURIComponent(value)));
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    shapes.set(`base64 at ${before}`, Buffer.from(text.slice(before === 0 ? 0 : before + 1, -1)));
  }
  return shapes;
}

type Needle = { field: string; as: string; bytes: Buffer };

/** Finds planted values of five characters and more in files of any kind, in one pass over each. */
export class Needles {
  readonly #starts = new Uint8Array(1 << 24);
  readonly #byStart = new Map<number, Needle[]>();

  constructor(planted: readonly Planted[]) {
    for (const { field, value } of planted) {
      if (value.length < 5) throw new Error(`${field} is too short to be looked for`);
      for (const [as, bytes] of shapesOf(value)) this.#add({ field, as, bytes });
    }
  }

  #add(needle: Needle): void {
    const start = startOf(needle.bytes, 0);
    const same = this.#byStart.get(start) ?? [];
    if (same.some(({ bytes, field }) => field === needle.field && bytes.equals(needle.bytes))) return;
    this.#starts[start] = 1;
    this.#byStart.set(start, [...same, needle]);
  }

  in(bytes: Buffer): { field: string; as: string }[] {
    const found = new Map<string, { field: string; as: string }>();
    for (let at = 0, end = bytes.length - 2; at < end; at++) {
      const start = startOf(bytes, at);
      if (this.#starts[start] === 0) continue;
      for (const needle of this.#byStart.get(start) ?? [])
        if (
          bytes.compare(needle.bytes, 0, needle.bytes.length, at, Math.min(at + needle.bytes.length, bytes.length)) ===
          0
        )
          found.set(needle.field, needle);
    }
    return [...found.values()].map(({ field, as }) => ({ field, as }));
  }

  /** Every file below these folders. */
  below(...folders: readonly string[]): FoundIn[] {
    return folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .flatMap((entry) => {
          const path = join(entry.parentPath, entry.name);
          const name = this.in(Buffer.from(path)).map((found) => ({ ...found, path: `name of ${path}` }));
          return [...name, ...this.in(read(path)).map((found) => ({ ...found, path }))];
        }),
    );
  }
}

const startOf = (bytes: Buffer, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);

/** A running server takes files away as it goes. */
function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
