import type { FastifyReply, FastifyRequest } from "fastify";
import type { World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Epochs } from "#features/keys/epochs.ts";
import type { Strangers } from "#features/people/strangers.ts";
import type { Hidden } from "#kit/hidden.ts";
import { isForeign, refuseCrossSite } from "#platform/http/origin.ts";
import { Accounts } from "./accounts.ts";
import { Attempts } from "./attempts.ts";
import { Browser } from "./browser.ts";
import { type Auth, openCredentials, type Passwords, slowPasswords } from "./credentials.ts";
import { type About, Journal } from "./journal.ts";
import { actorOf, PersonDoor, type SignedIn } from "./person-door.ts";
import { type Factor, Sessions } from "./sessions.ts";
import { type AuthStore, authStore } from "./store.ts";

export type SigninNeeds = {
  world: World;
  epochs: Epochs;
  strangers: Strangers;
  /** Signs better-auth's cookies and seals its TOTP secrets. */
  secret: Hidden<string>;
  secure: boolean;
  /** Known once the server listens. */
  publicUrl: () => string;
  /** A refusal takes at least this long, so that whether an account exists, and which part was wrong, does not show in time. */
  refusalMs?: number;
  passwords?: Passwords;
};

const REFUSAL_MS = 700;

/**
 * Whether a request says that the person is there: it does ("active"), a page only listens, or it was let in before and its
 * body still comes in ("under-way"). That last one is no activity, and the idle limit, which ends what nobody attends to, does
 * not cut off what was begun in time.
 */
export type Presence = "active" | "listening" | "under-way";

/** Everything that signing in needs, put together once. */
export class Signin {
  readonly world: World;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
  readonly browser: Browser;
  readonly journal: Journal;
  readonly publicUrl: () => string;
  readonly refusalMs: number;
  readonly place: { store: AuthStore; secret: Hidden<string> };
  readonly accounts: Accounts;
  readonly #door: PersonDoor;
  readonly #needs: SigninNeeds;
  #auth: Auth | undefined;

  constructor(needs: SigninNeeds) {
    const { world, secure, secret } = needs;
    const store = authStore(world.database.auth);
    this.#needs = needs;
    this.world = world;
    this.publicUrl = needs.publicUrl;
    this.refusalMs = needs.refusalMs ?? REFUSAL_MS;
    this.place = { store, secret };
    this.sessions = new Sessions(store, world.random);
    this.attempts = new Attempts(world.database, world.pepper);
    this.browser = new Browser({ secure, secret, store });
    this.journal = new Journal(world, needs.strangers);
    this.accounts = new Accounts({ auth: () => this.auth(), store });
    this.#door = new PersonDoor(world, needs.epochs);
  }

  /** Opened at the first use: passkeys belong to the public address, which a free port makes known only once it listens. */
  auth(): Auth {
    const { secret, secure, world } = this.#needs;
    this.#auth ??= openCredentials({
      ...{ pool: world.database.auth, secret, secure },
      passwords: this.#needs.passwords ?? slowPasswords(world.pepper),
      publicUrl: this.publicUrl(),
    });
    return this.#auth;
  }

  /** The person whose cookie this request carries, if it opens. */
  async signedIn(request: FastifyRequest, presence: Presence = "active"): Promise<SignedIn | null> {
    const proof = this.browser.proofOf(request);
    const session = proof === undefined ? null : await this.sessions.open(proof);
    const signedIn =
      session && (await this.#door.open(session, presence === "under-way" ? "begun-in-time" : "limited"));
    if (signedIn && presence === "active") await this.sessions.touch(signedIn.session);
    return signedIn;
  }

  /**
   * The same as an actor; nobody where a page of another origin reads.
   * @throws Fault request.cross-site when another site asks for a change in the person's name
   */
  async actor(request: FastifyRequest, presence: Presence = "active"): Promise<Actor | null> {
    const signedIn = await this.signedIn(request, presence);
    if (signedIn === null) return null;
    refuseCrossSite(request, this.publicUrl());
    return isForeign(request, this.publicUrl()) ? null : actorOf(signedIn);
  }

  /** For whom somebody with these credentials begins to work; null where they would find nothing: dismissed, a member of nothing. */
  workplaceOf(user: string): Promise<string | null> {
    return this.#door.workplaceOf(user);
  }

  /** Gives the browser the cookie of a session whose both factors held. */
  async admit(
    reply: FastifyReply,
    session: { id: string },
    { factor, organisation }: { factor: Factor; organisation: string | null },
  ): Promise<void> {
    this.browser.admit(reply, await this.sessions.prove(session.id, factor, organisation));
  }

  /** The address whose wrong tries are counted together. */
  async accountOf(about: About | null): Promise<string | null> {
    if (about === null) return null;
    if ("email" in about) return about.email;
    if (!("user" in about)) return null;
    const { rows } = await this.place.store.query<{ email: string }>(`select "email" from "user" where "id" = $1`, [
      about.user,
    ]);
    return rows[0]?.email ?? null;
  }
}
