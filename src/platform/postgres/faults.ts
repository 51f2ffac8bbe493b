import { Fault } from "#kit/fault.ts";

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);
const UNREACHABLE_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered a connection error|was closed)|Query read timeout|Cannot use a pool after calling end)/;

/** PostgreSQL's own codes that pass by themselves: connection exceptions, shutdown, start-up, too many connections, time limits. */
const PASSING = /^(08...|57P0[1-5]|57014|53300|53200|55P03|25P0[34])$/;
/** A character that PostgreSQL cannot keep, U+0000 above all: what was sent was no text. */
const NO_TEXT = new Set(["22021", "22P05"]);
/** Two transactions met; the same one, run again, will do. */
const RACES = new Set(["40001", "40P01"]);

/** Whether running the transaction again is all that is needed. */
export function isRace(error: unknown): boolean {
  return error instanceof Error && RACES.has((error as { code?: string }).code ?? "");
}

/** Whether the connection itself is of no use any more. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: string }).code ?? "";
  return UNREACHABLE.has(code) || /^(08|57P)/.test(code) || UNREACHABLE_WORDS.test(error.message);
}

/** What a failed query means to a caller; anything that is a mistake of ours comes back as it is, for the log. */
export function databaseFault(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Fault) return error;
  const code = (error as { code?: string }).code ?? "";
  if (code === "53100")
    return new Fault("storage.full", "The database has no room left on its disk.", { cause: error });
  if (NO_TEXT.has(code))
    return new Fault("input.invalid", "A text in it has a character that cannot be kept here, such as NUL (U+0000).", {
      cause: error,
    });
  if (RACES.has(code)) return new Fault("database.unavailable", "Two changes met; try again.", { cause: error });
  if (isUnreachable(error) || PASSING.test(code))
    return new Fault("database.unavailable", "The database does not answer at the moment; try again soon.", {
      cause: error,
    });
  return error;
}
