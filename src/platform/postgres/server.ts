import pg from "pg";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { EmbeddedServer } from "./embedded/server.ts";
import { databaseFault } from "./faults.ts";
import { JUDGED_SETTINGS, judgeServer } from "./judge.ts";
import { ensureRights, ensureRoles, judgeRoles, ROLES, type Role, roleName, rolePassword } from "./roles.ts";

/** A PostgreSQL server with our roles in it and a way to connect as each. */
export type Server = {
  as(role: Role): pg.ClientConfig;
  stop(): Promise<void>;
};

export type ServerOptions = {
  dataDir: string;
  databaseUrl?: Hidden<string> | undefined;
  /** Name of the database on the embedded server; created when missing. */
  database?: string;
  durable?: boolean;
};

/** Starts or reaches the server, refuses one that could lose a commit, and makes sure of roles and database. */
export async function openServer(options: ServerOptions): Promise<Server> {
  return options.databaseUrl === undefined ? openEmbedded(options) : openExternal(options.databaseUrl);
}

async function openEmbedded(options: ServerOptions): Promise<Server> {
  const server = await EmbeddedServer.start({
    dataDir: options.dataDir,
    ...(options.durable === undefined ? {} : { durable: options.durable }),
  });
  try {
    const database = options.database ?? "safelight";
    const secret = new Hidden(String(server.admin().password));
    await withClient(server.admin(), async (admin) => {
      await ensureRoles(admin, secret);
      await ensureDatabase(admin, database);
      if (options.durable !== false) await judge(admin);
    });
    await withClient(server.admin(database), ensureRights);
    const { password: _admin, ...place } = server.admin(database);
    return {
      as: (role) => ({ ...place, user: roleName(role), password: rolePassword(role, secret).reveal() }),
      stop: async () => void (await server.stop()),
    };
  } catch (error) {
    await server.stop();
    throw databaseFault(error);
  }
}

async function ensureDatabase(admin: pg.ClientBase, database: string): Promise<void> {
  const { rowCount } = await admin.query("select from pg_database where datname = $1", [database]);
  if (rowCount === 1) return;
  try {
    await admin.query(`create database ${pg.escapeIdentifier(database)} owner safelight_owner`);
  } catch (error) {
    if (!["42P04", "23505"].includes((error as { code?: string }).code ?? "")) throw error; // another process was quicker
  }
}

async function openExternal(databaseUrl: Hidden<string>): Promise<Server> {
  const { password, base } = parseUrl(databaseUrl);
  const mine: pg.ClientConfig = { ...base, ...(password === undefined ? {} : { password: password.reveal() }) };
  try {
    await withClient(mine, judge);
    const separate = await rolesSignIn(mine, base, password);
    const asRole = (role: Role): pg.ClientConfig =>
      separate && password !== undefined
        ? signIn(base, role, password)
        : { ...mine, options: `${base.options ?? ""} -c role=${roleName(role)}`.trim() };
    await withClient(asRole("serve"), judgeRoles);
    return { as: asRole, stop: () => Promise.resolve() };
  } catch (error) {
    throw explain(databaseFault(error));
  }
}

function signIn(base: pg.ClientConfig, role: Role, secret: Hidden<string>): pg.ClientConfig {
  return { ...base, user: roleName(role), password: rolePassword(role, secret).reveal() };
}

/**
 * Whether the roles sign in by themselves, with passwords that follow from the URL's. Where the URL's user may not make
 * roles, an administrator has made them and granted them to it: then we sign in as the URL says and take their place.
 */
async function rolesSignIn(
  mine: pg.ClientConfig,
  base: pg.ClientConfig,
  secret: Hidden<string> | undefined,
): Promise<boolean> {
  for (const renew of [false, true]) {
    try {
      await withClient(mine, async (admin) => {
        await ensureRoles(admin, secret, renew);
        await ensureRights(admin);
      });
      if (secret === undefined) return false; // whoever the server trusts without a password takes their place
      for (const role of ROLES) await withClient(signIn(base, role, secret), (client) => client.query("select 1"));
      return true;
    } catch (error) {
      const code = (error as { code?: string }).code ?? "";
      if (code === "42501") return false; // insufficient privilege
      if (renew || !["28P01", "28000"].includes(code)) throw error; // the password is another one: renew it
    }
  }
  return false;
}

/** What the driver makes of a connection string; query parameters such as `host` and `sslmode` among it. */
type Parsed = {
  host?: string;
  port?: number;
  user?: string;
  database?: string;
  password: string | null;
  ssl?: pg.ClientConfig["ssl"];
};

function parseUrl(databaseUrl: Hidden<string>): { base: pg.ClientConfig; password: Hidden<string> | undefined } {
  let url: URL;
  try {
    url = new URL(databaseUrl.reveal());
  } catch {
    throw new Fault(
      "config.invalid",
      "DATABASE_URL is not a URL; it looks like postgres://user:password@host:5432/database.",
      { place: "databaseUrl" },
    );
  }
  const client = new pg.Client({ connectionString: url.href }) as unknown as Parsed;
  const base: pg.ClientConfig = {
    host: client.host ?? "localhost",
    port: client.port ?? 5432,
    ...(client.user === undefined ? {} : { user: client.user }),
    ...(client.database === undefined ? {} : { database: client.database }),
    ...(client.ssl === undefined ? {} : { ssl: client.ssl }),
  };
  return {
    base,
    password: client.password === null || client.password === "" ? undefined : new Hidden(client.password),
  };
}

function explain(error: unknown): unknown {
  const code = (error as { code?: string }).code ?? "";
  if (code === "22023" || code === "42704" || code === "42501") {
    return new Fault(
      "config.invalid",
      "DATABASE_URL's user can neither create nor become the roles safelight_owner, safelight_serve and safelight_auth. Give it CREATEROLE and CREATE on the database, or create them as docs/runbook says.",
      { place: "databaseUrl", cause: error },
    );
  }
  if (code === "28P01" || code === "28000" || code === "3D000") {
    return new Fault(
      "config.invalid",
      "The database server refused the user, the password or the database of DATABASE_URL.",
      { place: "databaseUrl", cause: error },
    );
  }
  return error;
}

async function judge(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    "select name, setting from pg_settings where name = any($1)",
    [JUDGED_SETTINGS],
  );
  judgeServer(new Map(rows.map(({ name, setting }) => [name, setting])));
}

async function withClient<T>(config: pg.ClientConfig, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, application_name: "safelight start", ...config });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
