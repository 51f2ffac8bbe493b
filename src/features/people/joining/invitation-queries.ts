import { sql } from "kysely";
import type { Role } from "#contract/words.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type InvitationRecord = {
  organisation: string;
  id: string;
  email: string;
  display_name: string;
  role: Role;
  person: string | null;
};

/** Which invitation this secret opens: asked before any scope is known. */
export async function invitationByHash(tx: Tx, hash: Buffer): Promise<{ organisation: string; id: string } | null> {
  const { rows } = await sql<{ organisation: string; id: string }>`
    select organisation, id from resolve_invitation(${hash})`.execute(tx);
  return rows[0] ?? null;
}

/** An invitation that can still be taken up, with the person it is for. */
export async function openInvitation(tx: Tx, organisation: string, id: string): Promise<InvitationRecord | null> {
  const { rows } = await sql<InvitationRecord>`
    select i.organisation, i.id, i.email, i.display_name, i.role, r.id as person
    from invitation i left join resolve_email(i.email) r on true
    where i.organisation = ${organisation} and i.id = ${id} and i.used_at is null and i.expires_at > now()`.execute(tx);
  return rows[0] ?? null;
}

export async function openInvitationsOf(tx: Tx, organisation: string): Promise<InvitationRecord[]> {
  const { rows } = await sql<InvitationRecord>`
    select i.organisation, i.id, i.email, i.display_name, i.role, r.id as person
    from invitation i left join resolve_email(i.email) r on true
    where i.organisation = ${organisation} and i.used_at is null and i.expires_at > now() order by i.display_name`.execute(
    tx,
  );
  return rows;
}

export type NewInvitation = {
  organisation: string;
  id: string;
  email: string;
  displayName: string;
  role: Role;
  secretHash: Buffer;
  createdBy: string | null;
  expiresAt: Date;
};

/** A new invitation takes the place of those for the same address that were not taken up. */
export async function insertInvitation(tx: Tx, invitation: NewInvitation): Promise<void> {
  const { organisation, email } = invitation;
  await endInvitations(tx, organisation, email);
  await sql`insert into invitation (organisation, id, email, display_name, role, secret_hash, created_by, expires_at)
    values (${organisation}, ${invitation.id}, ${email.toLowerCase()}, ${invitation.displayName}, ${invitation.role},
      ${invitation.secretHash}, ${invitation.createdBy}, ${invitation.expiresAt})`.execute(tx);
}

export async function endInvitations(tx: Tx, organisation: string, email: string): Promise<number> {
  const { rows } = await sql`update invitation set expires_at = now()
    where organisation = ${organisation} and email = ${email.toLowerCase()} and used_at is null and expires_at > now() returning id`.execute(
    tx,
  );
  return rows.length;
}

/** Uses an invitation up; false when somebody was quicker or it has ended. */
export async function takeInvitation(tx: Tx, organisation: string, id: string): Promise<boolean> {
  const { rows } = await sql`update invitation set used_at = now()
    where organisation = ${organisation} and id = ${id} and used_at is null and expires_at > now() returning id`.execute(
    tx,
  );
  return rows.length > 0;
}
