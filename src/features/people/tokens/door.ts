import type { World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Epochs } from "#features/keys/epochs.ts";
import { type TokenRecord, tokenByHash, tokenById, tokenUsed } from "#features/people/tokens/queries.ts";
import { Recent } from "#kit/recent.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { hashSecret, parseSecret } from "#trust/tokens/secret.ts";

type Known = { stamp: string; organisation: string; token: TokenRecord; offset: number; usedAt: number };

const REMEMBERED = 2_000;
const USED_EVERY_MS = 60_000;

/**
 * Machines' tokens. The facts of a token are kept under the policy epoch of its organisation, which every request asks for;
 * ends are judged by the database's clock. Only hashes are in memory and in the database.
 */
export class TokenDoor {
  readonly #world: World;
  readonly #epochs: Epochs;
  readonly #known = new Recent<Known>({ room: REMEMBERED });

  constructor(world: World, epochs: Epochs) {
    this.#world = world;
    this.#epochs = epochs;
  }

  /** Who holds this text; null for everything that is no valid token now. */
  async open(text: string): Promise<Actor | null> {
    const secret = parseSecret("token", text);
    if (secret === undefined) return null;
    const hash = hashSecret(secret);
    const known = await this.#facts(hash);
    if (known === null) return null;
    const { token, organisation } = known;
    const now = Date.now() + known.offset;
    if (token.revoked_at !== null || token.expires_at.getTime() <= now) return null;
    this.#used(known);
    return {
      kind: "token",
      id: token.id,
      organisation,
      scopes: token.scopes,
      purpose: token.purpose,
      session: token.id,
    };
  }

  async #facts(hash: Buffer): Promise<Known | null> {
    const name = hash.toString("base64");
    const remembered = this.#known.get(name);
    const whose =
      remembered?.organisation ??
      (await this.#world.database.read(NO_SCOPE, (tx) => tokenByHash(tx, hash)))?.organisation;
    if (whose === undefined) return null;
    const stamp = await this.#epochs.stamp([whose]); // before the facts are read: never newer than they are
    if (remembered?.stamp === stamp) return remembered;
    const fresh = await this.#read(hash, whose, stamp);
    if (fresh === null) this.#known.delete(name);
    else this.#known.set(name, fresh);
    return fresh;
  }

  async #read(hash: Buffer, organisation: string, stamp: string): Promise<Known | null> {
    return this.#world.database.read({ organisation, person: null }, async (tx) => {
      const found = await tokenByHash(tx, hash);
      const token = found && (await tokenById(tx, organisation, found.id));
      return token ? { stamp, organisation, token, offset: tx.now.getTime() - Date.now(), usedAt: 0 } : null;
    });
  }

  /** When it was last used is shown to administrators; failing to note it fails nothing. */
  #used(known: Known): void {
    if (Date.now() - known.usedAt < USED_EVERY_MS) return;
    known.usedAt = Date.now();
    const { organisation, token } = known;
    this.#world.database
      .transaction({ organisation, person: null }, (tx) => tokenUsed(tx, organisation, token.id))
      .catch(() => undefined);
  }
}
