import { Fault } from "#kit/fault.ts";
import type { Auth } from "./credentials.ts";
import type { AuthStore } from "./store.ts";

type Needs = { auth: () => Auth; store: AuthStore };

/** The credentials of persons, by better-auth's own functions: nobody makes them for themselves. */
export class Accounts {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Credentials for an address that has none: a password; the second factor is enrolled at the first sign-in. Gives better-auth's user.
   * @throws Fault state.conflict when the address has some, perhaps since a moment ago
   */
  async create(email: string, password: string): Promise<string> {
    const context = await this.#needs.auth().$context;
    const hash = await context.password.hash(password);
    const user = await context.internalAdapter
      .createUser({ email: email.toLowerCase(), name: "", emailVerified: true }, { method: "admin" })
      .catch(async (cause: unknown) => {
        if ((await this.byEmail(email)) === null) throw cause;
        throw new Fault("state.conflict", "This address has a password here already.", { place: "email", cause });
      });
    await context.internalAdapter.createAccount({
      userId: user.id,
      providerId: "credential",
      accountId: user.id,
      password: hash,
    });
    return user.id;
  }

  async byEmail(email: string): Promise<string | null> {
    const { rows } = await this.#needs.store.query<{ id: string }>(`select "id" from "user" where "email" = $1`, [
      email.toLowerCase(),
    ]);
    return rows[0]?.id ?? null;
  }

  /** Whether a person has gone all the way once: a second factor or a passkey is there. */
  async isEnrolled(user: string): Promise<boolean> {
    const { rowCount } = await this.#needs.store.query(
      `select from "user" u where u."id" = $1 and (u."twoFactorEnabled" or exists (select from "passkey" p where p."userId" = u."id"))`,
      [user],
    );
    return rowCount === 1;
  }

  async holds(user: string, password: string): Promise<boolean> {
    const context = await this.#needs.auth().$context;
    const account = await context.internalAdapter.findCredentialAccount(user);
    if (!account?.password) {
      await context.password.hash(password); // as long as a comparison
      return false;
    }
    return context.password.verify({ hash: account.password, password });
  }

  /** A session as after a right sign-in. Only where another proof stands in for one: the demo's doors. */
  async openSession(user: string): Promise<{ id: string; user: string }> {
    const context = await this.#needs.auth().$context;
    const session = await context.internalAdapter.createSession(user);
    return { id: session.id, user };
  }

  /** Takes credentials, second factor, passkeys and sessions away; the next invitation begins anew. */
  async remove(user: string): Promise<void> {
    const { rowCount } = await this.#needs.store.query(`delete from "user" where "id" = $1`, [user]);
    if (rowCount === 0) throw new Fault("state.conflict", "These credentials are gone already.");
  }
}
