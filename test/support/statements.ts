import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import pg from "pg";

/** An organisation's key is unwrapped once a minute; that somebody is there is noted every 20 seconds. */
const BY_THE_CLOCK = ["from organisation_key", "update session_proof set last_seen_at"];

/** Carries the number under which a request is counted. */
export const COUNTED = "x-counted";

/**
 * Counts the statements that each marked request of this process' server sends to PostgreSQL: the work it does, without a
 * clock. What a request leaves to run by itself after its answer counts for it too.
 */
export class Statements {
  readonly #place = new AsyncLocalStorage<{ statements: string[] }>();
  readonly #requests = new Map<string, { statements: string[] }>();
  readonly #query = Reflect.get(pg.Client.prototype, "query") as pg.Client["query"];
  readonly #starts = (message: unknown): void => {
    const name = (message as { request: IncomingMessage }).request.headers[COUNTED];
    if (typeof name !== "string") return;
    const counted = { statements: [] };
    this.#requests.set(name, counted);
    this.#place.enterWith(counted);
  };

  begin(): void {
    channel("http.server.request.start").subscribe(this.#starts);
    const [place, query] = [this.#place, this.#query];
    pg.Client.prototype.query = function counting(this: pg.Client, ...given: unknown[]) {
      const [first] = given as [string | { text: string }];
      place.getStore()?.statements.push(typeof first === "string" ? first : first.text);
      return Reflect.apply(query, this, given) as never;
    } as typeof query;
  }

  end(): void {
    channel("http.server.request.start").unsubscribe(this.#starts);
    pg.Client.prototype.query = this.#query;
  }

  /** What a request sent, without values and without what the clock asks for, whoever comes first then. */
  of(name: string): string[] {
    return (this.#requests.get(name)?.statements ?? [])
      .map((text) => text.replace(/'[0-9a-f-]{36}'/g, "'…'").replace(/\s+/g, " "))
      .filter((text) => !BY_THE_CLOCK.some((periodic) => text.includes(periodic)));
  }
}
