import pg from "pg";
import { Fault } from "#kit/fault.ts";

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const DATE_ARRAY = 1182;
const TEXT_ARRAY = 1009;

function safeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new Fault("internal", "a bigint in the database is larger than a number holds");
}

type ParserOf = (oid: number, format?: "text" | "binary") => (value: string) => unknown;
const standard = pg.types.getTypeParser as ParserOf;
const textArray = standard(TEXT_ARRAY) as (text: string) => (string | null)[];

/**
 * How values arrive: bigint as number (a size, a count, a sequence), date as "YYYY-MM-DD" (a calendar day has no time zone),
 * timestamptz as Date, bytea as Buffer, jsonb parsed, everything else as PostgreSQL's own text.
 */
export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format === "binary") return standard(oid, "binary");
    switch (oid) {
      case INT8:
        return safeInteger;
      case INT8_ARRAY:
        return (text: string) => textArray(text).map((part) => (part === null ? null : safeInteger(part)));
      case DATE:
        return (text: string) => text;
      case DATE_ARRAY:
        return textArray;
      default:
        return standard(oid, "text");
    }
  }) as pg.CustomTypesConfig["getTypeParser"],
};
