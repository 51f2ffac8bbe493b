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

/** Creates the roles that are missing on the server, one process at a time. `admin` may be any role that is allowed to. */
export async function ensureRoles(
  admin: pg.ClientBase,
  secret: Hidden<string> | undefined,
  renew = false,
): Promise<void> {
  await inTransaction(admin, async () => {
    for (const role of ROLES) await ensureRole(admin, roleName(role), secret && rolePassword(role, secret), renew);
  });
}

/** Lets the roles into this database and the owner create what it needs there. */
export async function ensureRights(admin: pg.ClientBase): Promise<void> {
  await takeTemporary(admin);
  const granted = await admin.query(
    "select where has_database_privilege('safelight_owner', current_database(), 'CREATE') and has_schema_privilege('safelight_owner', 'public', 'CREATE WITH GRANT OPTION')",
  );
  if (granted.rowCount === 1) return;
  await inTransaction(admin, async () => {
    await admin.query(`do $$ begin
      execute format('grant connect, create, temporary on database %I to safelight_owner', current_database());
      execute format('grant connect on database %I to safelight_serve, safelight_auth', current_database());
    end $$`);
    await admin.query("grant all on schema public to safelight_owner with grant option");
  });
}

/** PostgreSQL lets everybody make temporary objects, functions among them: who serves requests makes none. */
async function takeTemporary(admin: pg.ClientBase): Promise<void> {
  const open = await admin.query(
    `select from pg_database where datname = current_database() and pg_has_role(current_user, datdba, 'MEMBER')
       and (has_database_privilege('safelight_serve', oid, 'TEMP') or has_database_privilege('safelight_auth', oid, 'TEMP'))`,
  );
  if (open.rowCount === 0) return;
  await admin.query(
    `do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$`,
  );
}

async function inTransaction(admin: pg.ClientBase, fn: () => Promise<void>): Promise<void> {
  await admin.query("begin");
  try {
    await admin.query("select pg_advisory_xact_lock(5136124012340002)");
    await fn();
    await admin.query("commit");
  } catch (error) {
    await admin.query("rollback");
    throw error;
  }
}

async function ensureRole(
  admin: pg.ClientBase,
  name: string,
  password: Hidden<string> | undefined,
  renew: boolean,
): Promise<void> {
  const login = password === undefined ? "" : ` login password ${pg.escapeLiteral(password.reveal())}`;
  const { rowCount } = await admin.query("select from pg_roles where rolname = $1", [name]);
  if (rowCount === 0) await admin.query(`create role ${name} noinherit${login}`);
  else if (renew && login !== "") await admin.query(`alter role ${name}${login}`);
  const member = await admin.query("select where pg_has_role(current_user, $1, 'MEMBER')", [name]);
  if (member.rowCount === 0) await admin.query(`grant ${name} to current_user`);
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
