import { Stream } from "node:stream";

/** Keys come from outside too: a place is not longer than anybody reads. */
const LONGEST_PLACE = 120;

/**
 * The place of a U+0000 in what a request brings, keys included: "query.q", "body.basis.note"; undefined where there is none.
 * PostgreSQL keeps no such character, and no text of a person or a device has one. Buffers and streams are somebody else's to read.
 */
export function placeOfNul(parts: Record<string, unknown>): string | undefined {
  const open: { at: string; value: unknown }[] = Object.entries(parts).map(([at, value]) => ({ at, value }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, value } = next;
    if (typeof value === "string" && value.includes("\0")) return at;
    if (!isPlain(value)) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (key.includes("\0")) return at;
      open.push({ at: `${at}.${key}`.slice(0, LONGEST_PLACE), value: inner });
    }
  }
  return undefined;
}

/** Parsers make objects of their own kinds; bytes and streams are what is not looked into. */
function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && !(value instanceof Stream);
}
