import type { World } from "#features/audit/action.ts";
import { type GrantState, stateOf } from "#features/sharing/access-rules.ts";
import { type LinkSession, linkOf, linkSession, sessionOf } from "#features/sharing/link-actions.ts";
import { linkTimes } from "#features/sharing/link-queries.ts";
import { Fault } from "#kit/fault.ts";

/** What a browser that was let in once may know of its link later. A browser without such a session learns nothing here. */

type Held = { organisation: string; id: string; link: string };

/** The session this browser was given, where it belongs to the very link that the secret names (any link, where none is named). */
async function heldSession(world: World, secretText: string | undefined, cookie: string | undefined) {
  const held: Held | null = await sessionOf(world, cookie);
  if (!held || secretText === undefined) return held;
  const named = await linkOf(world, secretText);
  return named?.id === held.link && named.organisation === held.organisation ? held : null;
}

/** A link tapped again in the browser that holds its open session: goes in without a new opening. Null for everybody else. */
export async function returnToLink(
  world: World,
  secretText: string,
  cookie: string | undefined,
): Promise<LinkSession | null> {
  if (!(await heldSession(world, secretText, cookie))) return null;
  try {
    return await linkSession(world, cookie);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === "link.closed") return null;
    throw thrown;
  }
}

/** How the link stands whose images this browser has shown, open or not. Null for everybody else. */
export async function standingOfLink(
  world: World,
  secretText: string | undefined,
  cookie: string | undefined,
): Promise<{ organisation: string; state: GrantState } | null> {
  const held = await heldSession(world, secretText, cookie);
  if (!held) return null;
  return world.database.read({ organisation: held.organisation, person: null }, async (tx) => {
    const times = await linkTimes(tx, held.organisation, held.link);
    return times && { organisation: held.organisation, state: stateOf({ ...times, left: false }, tx.now) };
  });
}
