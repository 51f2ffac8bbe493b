import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { Fault } from "#kit/fault.ts";
import type { Config } from "#platform/config.ts";
import { databaseFault, isRace, isUnreachable } from "./faults.ts";
import { type Migration, migrate, readMigrations } from "./migrate.ts";
import { openServer, type Server, type ServerOptions } from "./server.ts";
import { Connection, preparedName, type Scope, Tx } from "./transaction.ts";
import { valueTypes } from "./values.ts";

export { NO_SCOPE, type Scope, Tx } from "./transaction.ts";

export type TransactionOptions = {
  isolation?: "read committed" | "repeatable read" | "serializable";
  /** How often `fn` may run when two transactions meet (deadlock, serialization): 1 unless it has no effect outside the database. */
  attempts?: number;
};

/** The door to PostgreSQL. Everything the product asks goes through a scope; only set-up, jobs and backups use `owner`. */
export type Database = {
  /** Runs `fn` in one transaction of the serving role under `scope`; it commits when `fn` returns and rolls back when it throws. */
  transaction<T>(scope: Scope, fn: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** The same, read-only, on one snapshot. */
  read<T>(scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** One prepared question to a table that no scope guards, in one round trip. The text is a constant of the program. */
  ask<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]>;
  /** Connections of the owner: migrations, the job queue, live updates, backups. */
  readonly owner: pg.Pool;
  /** Connections of better-auth's role, in its schema `auth`. */
  readonly auth: pg.Pool;
  /** Whether the database answers now; never throws. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
};

export type OpenOptions = { migrations?: Migration[]; database?: string; durable?: boolean };

const STATEMENT_MS = 30_000;
/** The server ends a long statement itself; whoever waits longer waits for a server that is silent. */
const SILENT_MS = STATEMENT_MS + 5_000;
const HEALTHY_MS = 2_000;
const CONNECT_MS = 5_000;

/**
 * Starts (or reaches) PostgreSQL, brings its schema up to date and opens the pools. The pools recover by themselves.
 * @throws Fault config.invalid for a server that is not safe to use, database.unavailable when it does not answer
 */
export async function openDatabase(
  config: Pick<Config, "dataDir" | "databaseUrl" | "databasePool">,
  options: OpenOptions = {},
): Promise<Database> {
  const { migrations, ...server } = options;
  return openOn(
    { dataDir: config.dataDir, databaseUrl: config.databaseUrl, ...server },
    config.databasePool,
    migrations ?? readMigrations(),
  );
}

async function openOn(where: ServerOptions, size: number, migrations: Migration[]): Promise<Database> {
  const server = await openServer(where);
  const owner = openPool(server, "owner", 8);
  try {
    await migrate(owner, migrations);
  } catch (error) {
    await owner.end();
    await server.stop();
    throw databaseFault(error);
  }
  return new Pools(server, { owner, serve: openPool(server, "serve", size), auth: openPool(server, "auth", 8) });
}

function openPool(server: Server, role: "owner" | "serve" | "auth", max: number): pg.Pool {
  const config = server.as(role);
  const limits = role === "owner" ? "" : `-c statement_timeout=${STATEMENT_MS} -c lock_timeout=${STATEMENT_MS / 3}`;
  const path = role === "auth" ? "-c search_path=auth" : "";
  const pool = new pg.Pool({
    ...config,
    options: [config.options ?? "", limits, path].filter((part) => part !== "").join(" "),
    application_name: `safelight ${role}`,
    types: valueTypes,
    max,
    connectionTimeoutMillis: CONNECT_MS,
    ...(role === "owner" ? {} : { query_timeout: SILENT_MS }),
    idleTimeoutMillis: 30_000,
  });
  pool.on("error", () => undefined); // an idle connection that broke is replaced at its next use
  pool.on("connect", (client) => client.on("error", () => undefined)); // the same for one that breaks while it is lent out
  return pool;
}

type RolePools = { owner: pg.Pool; serve: pg.Pool; auth: pg.Pool };

class Pools implements Database {
  readonly #server: Server;
  readonly #pools: RolePools;
  #probe: Promise<boolean> | undefined;

  constructor(server: Server, pools: RolePools) {
    this.#server = server;
    this.#pools = pools;
  }

  get owner(): pg.Pool {
    return this.#pools.owner;
  }

  get auth(): pg.Pool {
    return this.#pools.auth;
  }

  async transaction<T>(scope: Scope, fn: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const mode = options.isolation === undefined ? "" : ` isolation level ${options.isolation}`;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run(`begin${mode}`, scope, fn);
      } catch (error) {
        if (attempt < (options.attempts ?? 1) && isRace(error)) continue;
        throw databaseFault(error);
      }
    }
  }

  async read<T>(scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.#run("begin isolation level repeatable read read only", scope, fn);
    } catch (error) {
      throw databaseFault(error);
    }
  }

  async ask<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      const name = preparedName(text);
      return (
        await this.#pools.serve.query<Row>({ ...(name === undefined ? {} : { name }), text, values: [...values] })
      ).rows;
    } catch (error) {
      throw databaseFault(error);
    }
  }

  async #run<T>(begin: string, scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T> {
    const opening = `${begin}; ${scopeSql(scope)}`;
    const client = await this.#pools.serve.connect();
    const connection = new Connection(client);
    let broken = false;
    try {
      const results = (await client.query(opening)) as unknown as pg.QueryResult<{ now: Date }>[];
      const now = results[1]?.rows[0]?.now;
      if (now === undefined) throw new Fault("internal", "the transaction did not begin");
      const result = await fn(new Tx(connection, scope, now));
      connection.close();
      const { command } = await client.query("commit");
      if (command !== "COMMIT")
        throw new Fault("internal", "a failed statement was ignored: the transaction was rolled back");
      return result;
    } catch (error) {
      connection.close();
      broken = isUnreachable(error) || !(await rolledBack(client));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** One question at a time is under way: a database that is silent is not asked again and again. */
  async healthy(): Promise<boolean> {
    this.#probe ??= this.#pools.serve
      .query("select 1")
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#probe = undefined;
      });
    return Promise.race([this.#probe, delay(HEALTHY_MS, false, { ref: false })]);
  }

  async close(): Promise<void> {
    const { owner, serve, auth } = this.#pools;
    await Promise.all([owner.end(), serve.end(), auth.end()]);
    await this.#server.stop();
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("rollback");
    return true;
  } catch {
    return false;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Begins the scope in the same round trip as the transaction; the values are checked, so they can stand in the text. */
function scopeSql({ organisation, person }: Scope): string {
  for (const id of [organisation, person]) {
    if (id !== null && !UUID.test(id)) throw new Fault("internal", "a scope that is not a UUID");
  }
  return `select set_config('safelight.organisation', '${organisation ?? ""}', true), set_config('safelight.person', '${person ?? ""}', true), now() as now`;
}
