import type { Purpose, Role } from "#contract/words.ts";
import type { World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Epochs } from "#features/keys/epochs.ts";
import {
  type MembershipRecord,
  membershipsOf,
  personByAuth,
  personSeen,
  factorsResetAt as resetAt,
} from "#features/people/person-queries.ts";
import { Recent } from "#kit/recent.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import type { SessionFacts } from "./sessions.ts";

type Known = {
  stamp: string;
  subjects: readonly string[];
  person: string;
  memberships: readonly MembershipRecord[];
  factorsResetAt: Date | null;
  seenAt: number;
};

export type Workplace = { organisation: string; roles: Role[]; idleMinutes: number };
/** A session and the person behind it, with everywhere they may work now; the first workplace is where they do. */
export type SignedIn = {
  session: SessionFacts;
  person: string;
  workplaces: [Workplace, ...Workplace[]];
  /** Until when files, keys and appointing others wait; null where their factors were not reset within a day. */
  restsUntil: Date | null;
};
export type PersonActor = Extract<Actor, { kind: "person" }>;

const REMEMBERED = 5_000;
const SEEN_EVERY_MS = 5 * 60_000;
/** Decision 7: how long keys, files and appointing others wait after a reset of the second factor. */
const REST_MS = 24 * 3600_000;
const AUDITING: readonly Role[] = ["auditor", "privacy-officer"];

/**
 * From a session to a person at work: memberships and idle limits, remembered under the policy epochs of the person and their
 * organisations, judged by the database's clock at each request.
 */
export class PersonDoor {
  readonly #world: World;
  readonly #epochs: Epochs;
  readonly #known = new Recent<Known>({ room: REMEMBERED });

  constructor(world: World, epochs: Epochs) {
    this.#world = world;
    this.#epochs = epochs;
  }

  /** Null: dismissed, no member any more of the organisation the session works for, or idle for too long where `idle` is limited. */
  async open(session: SessionFacts, idle: "limited" | "begun-in-time" = "limited"): Promise<SignedIn | null> {
    const known = await this.#facts(session.user);
    if (known === null) return null;
    const workplaces = workplacesOf(known.memberships, session.now);
    const here =
      session.organisation === null
        ? workplaces[0]
        : workplaces.find(({ organisation }) => organisation === session.organisation);
    if (here === undefined || (idle === "limited" && isIdle(session, here))) return null;
    this.#seen(known);
    return {
      session,
      person: known.person,
      workplaces: [here, ...workplaces.filter((place) => place !== here)],
      restsUntil: restOf(known.factorsResetAt, session.now),
    };
  }

  async workplaceOf(user: string): Promise<string | null> {
    const known = await this.#facts(user);
    return (known && workplacesOf(known.memberships, new Date())[0]?.organisation) ?? null;
  }

  async #facts(user: string): Promise<Known | null> {
    const remembered = this.#known.get(user);
    if (remembered !== undefined && (await this.#epochs.stamp(remembered.subjects)) === remembered.stamp)
      return remembered;
    this.#known.delete(user);
    const person = await this.#world.database.read(NO_SCOPE, (tx) => personByAuth(tx, user));
    if (person === null) return null;
    const fresh = await this.#read(person);
    this.#known.set(user, fresh);
    return fresh;
  }

  /** The stamp is older than the facts it stands for, so that a change in between is seen at the next request. */
  async #read(person: string): Promise<Known> {
    const scope = { organisation: null, person };
    for (let subjects = [person]; ; ) {
      const stamp = await this.#epochs.stamp(subjects);
      const { memberships, factorsResetAt } = await this.#world.database.read(scope, async (tx) => ({
        memberships: await membershipsOf(tx, person),
        factorsResetAt: await resetAt(tx, person),
      }));
      const wanted = [person, ...new Set(memberships.map(({ organisation }) => organisation))];
      if (wanted.every((subject) => subjects.includes(subject)))
        return { stamp, subjects, person, memberships, factorsResetAt, seenAt: 0 };
      subjects = wanted;
    }
  }

  #seen(known: Known): void {
    if (Date.now() - known.seenAt < SEEN_EVERY_MS) return;
    known.seenAt = Date.now();
    const { person } = known;
    this.#world.database
      .transaction({ organisation: null, person }, (tx) => personSeen(tx, person))
      .catch(() => undefined);
  }
}

function workplacesOf(memberships: readonly MembershipRecord[], now: Date): Workplace[] {
  const standing = memberships.filter(({ until }) => until === null || now < until);
  return [...Map.groupBy(standing, ({ organisation }) => organisation)].map(([organisation, rows]) => ({
    organisation,
    roles: rows.map(({ role }) => role),
    idleMinutes: rows[0]?.idleMinutes ?? 1,
  }));
}

function restOf(resetAt: Date | null, now: Date): Date | null {
  const until = resetAt && new Date(resetAt.getTime() + REST_MS);
  return until !== null && now < until ? until : null;
}

function isIdle({ now, lastSeenAt }: SessionFacts, { idleMinutes }: Workplace): boolean {
  return now.getTime() - lastSeenAt.getTime() >= idleMinutes * 60_000;
}

export function actorOf({ session, person, workplaces: [{ organisation, roles }], restsUntil }: SignedIn): PersonActor {
  const who: PersonActor = {
    kind: "person",
    id: person,
    organisation,
    roles,
    purpose: purposeOf(roles),
    session: session.id,
  };
  return restsUntil === null ? who : { ...who, resting: true };
}

/** Auditing is all that auditors and privacy officers come for; everybody else comes for care. */
export function purposeOf(roles: readonly Role[]): Purpose {
  return roles.every((role) => AUDITING.includes(role)) ? "audit" : "care";
}
