import { type DestinationStream, destination, type Logger, pino } from "pino";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";

/** A structured log. Fields are IDs, codes, counts and route patterns; never names, query strings, headers or bodies. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "fatal" | "level"> & {
  child(fields: Record<string, unknown>): Log;
  flush(): void;
};

/** Field names that could carry a person, a secret or what someone typed; their values are never written. */
const CLOSED =
  /name|patient|birth|e-?mail|address|phone|body|query|search|header|cookie|authori[sz]|password|token|secret|code$|otp|url|uri|path$|message|description|comment|text|value|params/i;
const OPEN = new Set(["code", "statusCode", "faultCode", "errorName"]);
const LONGEST = 200;

/** Messages that V8 itself composes from identifiers and numbers; others may quote input. */
const SAFE_MESSAGES = [TypeError, ReferenceError, RangeError];

export type LogOptions = { level: string; to?: DestinationStream };

/** Opens the log on standard error: standard output belongs to what a command answers. */
export function openLog({ level, to }: LogOptions): Log {
  const settings = {
    level,
    base: null,
    formatters: { log: closed, level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(settings, to ?? destination({ dest: 2, sync: false })) as Log;
}

function closed(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(name, value)]));
}

function shown(name: string, value: unknown): unknown {
  if (value instanceof Hidden) return "[hidden]";
  if (value instanceof Error) return errorFields(value);
  if (CLOSED.test(name) && !OPEN.has(name)) return "[hidden]";
  switch (typeof value) {
    case "string":
      return value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
    case "number":
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
      return Number(value);
    default:
      return value === null
        ? null
        : Array.isArray(value)
          ? value.map((part) => shown(name, part)).slice(0, 50)
          : "[object]";
  }
}

/** What may be told of an error: kind, codes, places in our source. A message only where it cannot quote anybody's data. */
export function errorFields(error: Error): Record<string, unknown> {
  const { code, constraint, table, syscall } = error as Error & {
    code?: unknown;
    constraint?: unknown;
    table?: unknown;
    syscall?: unknown;
  };
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12);
  const safe = error instanceof Fault || SAFE_MESSAGES.some((kind) => error.constructor === kind);
  const fields: Record<string, unknown> = { errorName: error.name };
  if (safe) fields["say"] = error.message.slice(0, 500);
  for (const [name, value] of Object.entries({ code, constraint, table, syscall }))
    if (typeof value === "string") fields[name] = value;
  if (error instanceof Fault && error.place !== undefined) fields["place"] = error.place;
  if (!(error instanceof Fault)) fields["at"] = frames.map((frame) => frame.trim());
  if (error.cause instanceof Error) fields["cause"] = errorFields(error.cause);
  return fields;
}
