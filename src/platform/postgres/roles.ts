import { createHmac } from "node:crypto";
import pg from "pg";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";

/** owner: migrates and owns; serve: answers requests under row-level security; auth: credentials and sessions. */
export type Role = "owner" | "serve" | "auth";
export const ROLES: readonly Role[] = ["owner", "serve", "auth"];
const ROLE_NAMES = { owner: "safelight_owner", serve: "safelight_serve", auth: "safelight_auth" } as const;

export const roleName = (role: Role): string => ROLE_NAMES[role];

/** Each role's password follows from the secret every node knows already, so that no node changes it under another's feet. */
export function rolePassword(role: Role, secret: Hidden<string>): Hidden<string> {
  return new Hidden(
    createHmac("sha256", secret.reveal())
      .update(`safelight role ${roleName(role)}`)
      .digest("base64url"),
  );
}

/** Creates the roles that are missing and gives the owner its rights on this database. `admin` may be any role that is allowed to. */
export async function ensureRoles(
  admin: pg.ClientBase,
  secret: Hidden<string> | undefined,
  renew = false,
): Promise<void> {
  await admin.query("begin");
  try {
    await admin.query("select pg_advisory_xact_lock(5136124012340002)");
    for (const role of ROLES) await ensureRole(admin, role, secret, renew);
    await admin.query("grant safelight_owner to current_user");
    await admin.query("grant safelight_serve to current_user");
    await admin.query("grant safelight_auth to current_user");
    await admin.query(
      `do $$ begin execute format('grant connect, create, temporary on database %I to safelight_owner', current_database()); end $$`,
    );
    await admin.query(
      `do $$ begin execute format('grant connect on database %I to safelight_serve, safelight_auth', current_database()); end $$`,
    );
    await admin.query("grant all on schema public to safelight_owner with grant option");
    await admin.query("commit");
  } catch (error) {
    await admin.query("rollback");
    throw error;
  }
}

async function ensureRole(
  admin: pg.ClientBase,
  role: Role,
  secret: Hidden<string> | undefined,
  renew: boolean,
): Promise<void> {
  const name = roleName(role);
  const password =
    secret === undefined ? "" : ` login password ${pg.escapeLiteral(rolePassword(role, secret).reveal())}`;
  const { rowCount } = await admin.query("select from pg_roles where rolname = $1", [name]);
  if (rowCount === 0) await admin.query(`create role ${name} noinherit${password}`);
  else if (renew && password !== "") await admin.query(`alter role ${name}${password}`);
}

/**
 * The serving roles must not be able to step around row-level security.
 * @throws Fault config.invalid naming the role
 */
export async function judgeRoles(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>(
    `select rolname from pg_roles
     where rolname in ('safelight_serve', 'safelight_auth')
       and (rolsuper or rolbypassrls or rolcreaterole or pg_has_role(rolname, 'safelight_owner', 'MEMBER'))`,
  );
  const first = rows[0];
  if (first === undefined) return;
  throw new Fault(
    "config.invalid",
    `The database role ${first.rolname} has rights that lift row-level security: take superuser, bypassrls, createrole and membership of safelight_owner from it.`,
    {
      place: first.rolname,
    },
  );
}
