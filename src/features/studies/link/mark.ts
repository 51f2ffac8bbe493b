import { createHmac } from "node:crypto";
import type { World } from "#features/audit/action.ts";
import type { LinkSession } from "#features/sharing/link-actions.ts";
import type { Mark } from "#platform/decoders/wire.ts";
import { deriveKey } from "#trust/keys/derive.ts";

/** Which picture is marked: a frame under a window, or a page. */
export type Marked = { instance: string; frame: number; window: string };

/**
 * The mark on a picture of a link: whose copy it is, of which day, from which link. Where it stands is the link's and the frame's
 * alone, so that neither another window nor another session shows what it covers; how it shines through and what noise lies on
 * the pixels is the session's and the window's too. The same question gets the same picture: asking again tells nothing new.
 */
export function markOf(
  { pepper }: Pick<World, "pepper">,
  { link, session }: Pick<LinkSession, "session"> & { link: { id: string; recipient: string } },
  { instance, frame, window }: Marked,
  now: Date,
): Mark {
  const key = deriveKey(pepper, "safelight link mark").reveal();
  const seed = (...parts: (string | number)[]) => createHmac("sha256", key).update(JSON.stringify(parts)).digest();
  return {
    lines: [`${link.recipient} · ${now.toISOString().slice(0, 10)} · ${shortId(link.id)}`],
    place: seed("place", link.id, instance, frame),
    grain: seed("grain", link.id, session, instance, frame, window),
  };
}

/** The random end of an identifier: it begins with a time. */
const shortId = (id: string): string => id.slice(-8);
