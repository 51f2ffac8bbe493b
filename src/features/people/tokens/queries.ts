import { sql } from "kysely";
import type { Purpose, TokenScope } from "#contract/words.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type TokenRecord = {
  id: string;
  name: string;
  scopes: TokenScope[];
  purpose: Purpose;
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
};

/** Whose token this is: asked before any scope is known, one row for one hash. */
export async function tokenByHash(tx: Tx, hash: Buffer): Promise<{ organisation: string; id: string } | null> {
  const { rows } = await sql<{ organisation: string; id: string }>`
    select organisation, id from resolve_token(${hash})`.execute(tx);
  return rows[0] ?? null;
}

export async function tokenById(tx: Tx, organisation: string, id: string): Promise<TokenRecord | null> {
  const { rows } = await sql<TokenRecord>`
    select id, name, scopes, purpose, created_at, expires_at, last_used_at, revoked_at
    from machine_token where organisation = ${organisation} and id = ${id}`.execute(tx);
  return rows[0] ?? null;
}

/** Open ones first, the newest first. */
export async function tokensOf(tx: Tx, organisation: string): Promise<TokenRecord[]> {
  const { rows } = await sql<TokenRecord>`
    select id, name, scopes, purpose, created_at, expires_at, last_used_at, revoked_at
    from machine_token where organisation = ${organisation} order by revoked_at nulls first, created_at desc`.execute(
    tx,
  );
  return rows;
}

export type NewToken = {
  organisation: string;
  id: string;
  name: string;
  secretHash: Buffer;
  scopes: readonly TokenScope[];
  purpose: Purpose;
  createdBy: string | null;
  expiresAt: Date;
};

export async function insertToken(tx: Tx, token: NewToken): Promise<void> {
  await sql`insert into machine_token (organisation, id, name, secret_hash, scopes, purpose, created_by, expires_at)
    values (${token.organisation}, ${token.id}, ${token.name}, ${token.secretHash}, ${[...token.scopes]}::text[],
      ${token.purpose}, ${token.createdBy}, ${token.expiresAt})`.execute(tx);
}

export async function revokeToken(tx: Tx, organisation: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    update machine_token set revoked_at = now()
    where organisation = ${organisation} and id = ${id} and revoked_at is null returning id`.execute(tx);
  return rows.length > 0;
}

export async function tokenUsed(tx: Tx, organisation: string, id: string): Promise<void> {
  await sql`update machine_token set last_used_at = now() where organisation = ${organisation} and id = ${id}
    and (last_used_at is null or last_used_at < now() - interval '1 minute')`.execute(tx);
}
