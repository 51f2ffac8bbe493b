import type pg from "pg";
import { databaseFault } from "#platform/postgres/faults.ts";

/** Questions to the schema of credentials, as its own role; what fails is a Fault where waiting helps. */
export type AuthStore = {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>;
};

export function authStore(pool: pg.Pool): AuthStore {
  return {
    async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) {
      try {
        return await pool.query<Row>(text, [...values]);
      } catch (error) {
        throw databaseFault(error);
      }
    },
  };
}
