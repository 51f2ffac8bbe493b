import type { Hidden } from "#kit/hidden.ts";
import { createSecret, hashSecret, parseSecret } from "#trust/tokens/secret.ts";
import { ABSOLUTE_SECONDS } from "./credentials.ts";
import type { AuthStore } from "./store.ts";

export type Factor = "password+totp" | "passkey";

/** A signed-in session as the database has it now; `now` is the database's clock. */
export type SessionFacts = {
  id: string;
  token: string;
  user: string;
  email: string;
  factor: Factor;
  organisation: string | null;
  startedAt: Date;
  lastSeenAt: Date;
  now: Date;
};

type Row = {
  id: string;
  token: string;
  user: string;
  email: string;
  factor: Factor;
  organisation: string | null;
  started_at: Date;
  last_seen_at: Date;
  now: Date;
};

/** Activity is noted this often: the idle limit counts in minutes. */
const TOUCH_MS = 20_000;

/**
 * Sessions of persons. The browser's cookie is a secret of ours (24 random bytes) whose hash stands beside better-auth's
 * session: whoever reads the sessions' table holds nothing that opens. Asked in the database at each request.
 */
export class Sessions {
  readonly #store: AuthStore;
  readonly #random: (bytes: number) => Uint8Array;

  constructor(store: AuthStore, random: (bytes: number) => Uint8Array) {
    this.#store = store;
    this.#random = random;
  }

  /** The session a cookie's value opens; null for anything unknown or past its absolute end. The idle limit is the organisation's: see `PersonDoor`. */
  async open(cookie: string): Promise<SessionFacts | null> {
    const secret = parseSecret("cookie", cookie);
    if (secret === undefined) return null;
    const { rows } = await this.#store.query<Row>(
      `select s."id", s."token", s."userId" as user, u."email", p.factor, p.organisation, p.started_at, p.last_seen_at, now() as now
       from session_proof p join "session" s on s."id" = p.session join "user" u on u."id" = s."userId"
       where p.secret_hash = $1 and s."expiresAt" > now() and p.started_at > now() - make_interval(secs => $2)`,
      [hashSecret(secret), ABSOLUTE_SECONDS],
    );
    const row = rows[0];
    if (row === undefined) return null;
    const { started_at: startedAt, last_seen_at: lastSeenAt, ...rest } = row;
    return { ...rest, startedAt, lastSeenAt };
  }

  /** Notes that somebody is there. */
  async touch(session: SessionFacts): Promise<void> {
    if (session.now.getTime() - session.lastSeenAt.getTime() < TOUCH_MS) return;
    await this.#store.query("update session_proof set last_seen_at = now() where session = $1", [session.id]);
  }

  /** Makes better-auth's session a signed-in one and gives the secret for the cookie. A session that was proved before gets a new secret. */
  async prove(session: string, factor: Factor, organisation: string | null): Promise<Hidden<string>> {
    const secret = createSecret("cookie", this.#random);
    await this.#store.query(
      `insert into session_proof (session, secret_hash, factor, organisation) values ($1, $2, $3, $4)
       on conflict (session) do update set secret_hash = excluded.secret_hash`,
      [session, hashSecret(secret), factor, organisation],
    );
    return secret;
  }

  async workFor(session: string, organisation: string): Promise<void> {
    await this.#store.query("update session_proof set organisation = $2 where session = $1", [session, organisation]);
  }

  async end(session: string): Promise<void> {
    await this.#store.query(`delete from "session" where "id" = $1`, [session]);
  }

  /** The sessions of these credentials that work for one organisation. */
  async endAt(organisation: string, user: string): Promise<void> {
    await this.#store.query(
      `delete from "session" s using session_proof p where p.session = s."id" and p.organisation = $1 and s."userId" = $2`,
      [organisation, user],
    );
  }

  /** Every session of these credentials, also those that wait for a second factor. */
  async endAllOf(user: string, except?: string): Promise<void> {
    await this.#store.query(`delete from "session" where "userId" = $1 and "id" is distinct from $2`, [
      user,
      except ?? null,
    ]);
    await this.#store.query(`delete from "verification" where "value" = $1`, [user]);
  }

  /** The session better-auth keeps under a token, whether proved or not. */
  async byToken(token: string): Promise<{ id: string; user: string; enrolled: boolean } | null> {
    const { rows } = await this.#store.query<{ id: string; user: string; enrolled: boolean }>(
      `select s."id", s."userId" as user, coalesce(u."twoFactorEnabled", false) as enrolled
       from "session" s join "user" u on u."id" = s."userId" where s."token" = $1 and s."expiresAt" > now()`,
      [token],
    );
    return rows[0] ?? null;
  }

  /** Rows nobody can use any more. */
  async sweep(): Promise<void> {
    await this.#store.query(`delete from "session" where "expiresAt" < now()`);
    await this.#store.query(`delete from "verification" where "expiresAt" < now()`);
  }
}
