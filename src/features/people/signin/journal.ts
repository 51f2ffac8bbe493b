import type { World } from "#features/audit/action.ts";
import { recordEntry } from "#features/audit/record.ts";
import { membershipsOf, personByAddress, personByAuth, personById } from "#features/people/person-queries.ts";
import type { Strangers } from "#features/people/strangers.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { queueMail } from "#platform/mail.ts";
import { NO_SCOPE, type Tx } from "#platform/postgres/db.ts";
import { type PersonActor, purposeOf } from "./person-door.ts";

export type Happening = {
  action:
    | "sign-in"
    | "sign-in.lock"
    | "sign-out"
    | "factor.enrol"
    | "passkey.add"
    | "passkey.remove"
    | "password.change";
  outcome: "done" | "refused";
  because: string;
};

/** Whom an event at the sign-in is about: a session's person, better-auth's user, or an address that was typed. */
export type About = { actor: PersonActor } | { user: string } | { email: string };

/**
 * The record of sign-ins. better-auth's transactions are its own: an entry follows the event by an instant, in a transaction
 * of ours, and a crash between the two loses the entry.
 */
export class Journal {
  readonly #world: World;
  readonly #strangers: Strangers;

  constructor(world: World, strangers: Strangers) {
    this.#world = world;
    this.#strangers = strangers;
  }

  /** Somebody known: on the record of the organisation they work for. Somebody unknown: counted among the strangers of that source. */
  async note(about: About, source: string, { action, outcome, because }: Happening): Promise<void> {
    const who = "actor" in about ? about.actor : await this.#actorOf(about);
    if (who === null) return this.#strangers.knock({ door: "sign-in", source, because, detail: {} });
    await this.#world.database.transaction({ organisation: who.organisation, person: who.id }, async (tx) => {
      await recordEntry({ tx, now: tx.now, keyring: this.#world.keyring }, who, {
        organisation: who.organisation,
        action,
        outcome,
        because,
        subject: who.id,
        detail: { source },
      });
      if (action === "sign-in.lock") await this.#warn(tx, who);
    });
  }

  /** A person who is not signed in, as a member of the first of their organisations. */
  async #actorOf(about: { user: string } | { email: string }): Promise<PersonActor | null> {
    const person = await this.#world.database.read(NO_SCOPE, (tx) =>
      "user" in about ? personByAuth(tx, about.user) : personByAddress(tx, about.email),
    );
    if (person === null) return null;
    return this.#world.database.read({ organisation: null, person }, async (tx) => {
      const standing = (await membershipsOf(tx, person)).filter(({ until }) => until === null || tx.now < until);
      const organisation = standing[0]?.organisation;
      if (organisation === undefined) return null;
      const roles = standing.filter((row) => row.organisation === organisation).map(({ role }) => role);
      return { kind: "person", id: person, organisation, roles, purpose: purposeOf(roles), session: uuidv7() };
    });
  }

  async #warn(tx: Tx, who: PersonActor): Promise<void> {
    const person = await personById(tx, who.id);
    if (person === null) return;
    await queueMail(
      { tx, pepper: this.#world.pepper },
      {
        organisation: who.organisation,
        to: person.email,
        subject: "Safelight: sign-in closed for a while",
        body: "Somebody gave a wrong password or code for your account too often. Signing in with a password is closed for a quarter of an hour; a passkey still opens it.\n\nIf this was not you, tell an administrator of your organisation.\n",
      },
    );
  }
}
