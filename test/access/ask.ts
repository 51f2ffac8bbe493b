import { Agent, request as httpRequest } from "node:http";
import type { Credentials } from "./people.ts";

export type Wanted = {
  method: string;
  path: string;
  body?: string | Uint8Array | undefined;
  headers?: Record<string, string>;
};
export type Heard = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer };

/** What differs from answer to answer and says nothing: the request's number and the clock. */
const PASSING = new Set(["x-request-id", "date"]);

const connections = new Agent({ keepAlive: true, maxSockets: 64 });

/**
 * One request over a real connection, with exactly these credentials and the path as it stands. What never ends (live
 * updates) is let go once its head has come.
 */
export function ask(url: string, who: Credentials, wanted: Wanted): Promise<Heard> {
  const { hostname, port } = new URL(url);
  const { method, path, body } = wanted;
  const headers = {
    ...(body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    ...who,
    ...wanted.headers,
  };
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ hostname, port, method, path, headers, agent: connections }, (answer) => {
      const parts: Buffer[] = [];
      const heard = (): Heard => ({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: Buffer.concat(parts),
      });
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve(heard()));
      answer.on("error", reject);
      if (answer.headers["content-type"] === "text/event-stream") {
        resolve(heard());
        asked.destroy();
      }
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** The code of a problem (RFC 9457), "" for anything else. */
export function codeOf({ headers, body }: Heard): string {
  if (!String(headers["content-type"] ?? "").startsWith("application/problem+json")) return "";
  return body.length === 0 ? "(no body)" : String((JSON.parse(body.toString("utf8")) as { code?: unknown }).code);
}

/** An answer as an attacker compares it: status, every header, every byte, but for the request's number and the clock. */
export function shape({ status, headers, body }: Heard): string {
  const id = String(headers["x-request-id"]);
  const lines = Object.entries(headers)
    .filter(([name]) => !PASSING.has(name))
    .map(([name, value]) => `${name}: ${String(value)}`)
    .sort();
  return [status, ...lines, "", body.toString("latin1").replaceAll(id, "(request)")].join("\n");
}

/** Runs tasks, so many at a time. */
export async function inTurns<T>(items: readonly T[], width: number, run: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of waiting) await run(item);
    }),
  );
}
