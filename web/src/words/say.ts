import i18next from "i18next";
import { Refused } from "../api.ts";

/** A refusal in words. Unknown codes get the plain sentence with the server's message. */
export function sayRefusal(thrown: unknown): string {
  if (!(thrown instanceof Refused)) return i18next.t("refused.internal");
  const values = { message: thrown.message, minutes: Math.max(1, Math.ceil((thrown.retryAfter ?? 60) / 60)) };
  const why =
    thrown.code === "role.denied" && thrown.place !== undefined ? sayCode("because", thrown.place) : undefined;
  return why ?? sayCode("refused", thrown.code, values) ?? i18next.t("refused.other", values);
}

/** Why something is or is not allowed, in words. */
export function sayBecause(code: string): string {
  return sayCode("because", code) ?? i18next.t("because.other", { code });
}

/** The words of a code from one of our tables, or undefined when the table does not know it. */
export function sayCode(table: string, code: string, values: Record<string, unknown> = {}): string | undefined {
  const key = `${table}.${code}`;
  // Codes hold dots, so the key is looked up with another separator.
  const options = { ...values, keySeparator: "/", nsSeparator: ":" };
  const parts = table.split(".");
  const path = [...parts, code].join("/");
  if (i18next.exists(path, options)) return i18next.t(path as never, options as never) as unknown as string;
  return i18next.exists(key) ? (i18next.t(key as never, values as never) as unknown as string) : undefined;
}
