import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SingleConnectionProvider,
  Transaction,
} from "kysely";
import type pg from "pg";
import { Fault } from "#kit/fault.ts";
import type { Tables } from "./generated/schema.ts";

/** Whose rows a transaction may see: row-level security compares the organisation, some tables the person. null sees none. */
export type Scope = { readonly organisation: string | null; readonly person: string | null };

/** No organisation, no person: what a job or a stranger's request begins with. */
export const NO_SCOPE: Scope = { organisation: null, person: null };

const dialect = {
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db: Kysely<never>) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};
const blank = new Kysely<Tables>({ dialect });

/** An open transaction: Kysely's query builder, and the moment it began by the database's clock. */
export class Tx extends Transaction<Tables> {
  /** The database's `now()`: what every end and expiry is judged by. */
  readonly now: Date;
  readonly scope: Scope;

  constructor(connection: Connection, scope: Scope, now: Date) {
    const executor = blank.getExecutor().withConnectionProvider(new SingleConnectionProvider(connection));
    super({ config: { dialect }, driver: new DummyDriver(), dialect, executor });
    this.now = now;
    this.scope = scope;
  }
}

const PREPARED_LIMIT = 200;
const prepared = new Map<string, string>();

/** What is asked again and again alike: PostgreSQL parses and plans each text once per connection. */
export function preparedName(sql: string): string | undefined {
  const known = prepared.get(sql);
  if (known !== undefined || prepared.size >= PREPARED_LIMIT) return known;
  const name = `safelight_${prepared.size}`;
  prepared.set(sql, name);
  return name;
}

/** Writes are many and alike. */
const isAlike = (sql: string): boolean => /^(insert into|with|select pg_notify) /.test(sql) && sql.length <= 10_000;

/** One pg client as Kysely wants it, closed when its transaction is over. */
export class Connection implements DatabaseConnection {
  readonly #client: pg.ClientBase;
  #open = true;

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  close(): void {
    this.#open = false;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.#open) throw new Fault("internal", "a query after its transaction had ended");
    const name = isAlike(query.sql) ? preparedName(query.sql) : undefined;
    const values = query.parameters as unknown[];
    const result = await this.#client.query<R & pg.QueryResultRow>(
      name === undefined ? { text: query.sql, values } : { name, text: query.sql, values },
    );
    const { command, rowCount, rows } = result;
    const changed = command === "INSERT" || command === "UPDATE" || command === "DELETE" || command === "MERGE";
    return changed ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Fault("internal", "queries are not streamed: page by key instead");
  }
}
