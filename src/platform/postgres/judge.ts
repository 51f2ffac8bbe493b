import { Fault } from "#kit/fault.ts";

/** What any server must have on before we trust it with an acknowledgement; synchronous_commit may also be stricter. */
const MUST: Record<string, (value: string) => boolean> = {
  fsync: (value) => value === "on",
  full_page_writes: (value) => value === "on",
  synchronous_commit: (value) => value !== "off",
};

export const OLDEST_SERVER = 150_000;

/**
 * Refuses a server that could lose an acknowledged commit, or is too old.
 * @throws Fault config.invalid naming the setting
 */
export function judgeServer(shown: ReadonlyMap<string, string>): void {
  const version = Number(shown.get("server_version_num"));
  if (!(version >= OLDEST_SERVER)) {
    throw new Fault("config.invalid", "This PostgreSQL is older than 15; use a newer one.", { place: "databaseUrl" });
  }
  for (const [name, holds] of Object.entries(MUST)) {
    if (holds(shown.get(name) ?? "")) continue;
    throw new Fault(
      "config.invalid",
      `The database server runs with ${name} off and could lose what was acknowledged: turn it on, then start again.`,
      {
        place: name,
      },
    );
  }
}

export const JUDGED_SETTINGS = ["server_version_num", ...Object.keys(MUST)];
