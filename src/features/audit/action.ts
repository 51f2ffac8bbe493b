import type { z } from "zod";
import type { AuditAction } from "#contract/audit.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { type EntryDraft, recordEntry } from "#features/audit/record.ts";
import type { Keyring, SecretKey } from "#features/keys/keyring.ts";
import { Fault, type FaultCode } from "#kit/fault.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";

/** What actions need of the world; `programs/` puts it together. */
export type World = {
  database: Database;
  keyring: Keyring;
  random: (bytes: number) => Uint8Array;
  /** Mixed into the hashes of codes, birth dates and link passwords: a thief of the database alone cannot try them out. */
  pepper: SecretKey;
};

/** What the record says of an action, beside who and when. Names, counts and free text go into `detail`, which is sealed. */
export type AuditNote = Omit<EntryDraft, "action" | "outcome" | "because" | "organisation"> & {
  organisation?: string;
  because?: string;
};

export type ActionResult<T> =
  | { done: T; audit: AuditNote }
  | { refused: string; fault: FaultCode; say: string; audit: AuditNote };

export type ActionTx = {
  tx: Tx;
  now: Date;
  keyring: Keyring;
  random: (bytes: number) => Uint8Array;
  pepper: SecretKey;
};

export type Action<Input, Output> = (world: World, who: Actor, input: Input) => Promise<Output>;

/**
 * Everything a person or peer can do is made by this function: it opens the transaction, parses the input, runs the verdict
 * and the change, and accepts only a result that carries an audit note. Change and record commit together or not at all; a
 * refusal leaves a record too and is thrown as the Fault that the action names.
 */
export function action<Schema extends z.ZodType, Output>(
  name: AuditAction,
  schema: Schema,
  run: (inside: ActionTx, who: Actor, input: z.output<Schema>) => Promise<ActionResult<Output>>,
): Action<z.input<Schema>, Output> {
  return async (world, who, raw) => {
    const input = parseInput(schema, raw);
    const result = await world.database.transaction(scopeOf(who), async (tx) => {
      const inside = { tx, now: tx.now, keyring: world.keyring, random: world.random, pepper: world.pepper };
      const outcome = await run(inside, who, input);
      const refused = "refused" in outcome;
      await recordEntry(inside, who, {
        ...outcome.audit,
        organisation: outcome.audit.organisation ?? who.organisation,
        action: name,
        outcome: refused ? "refused" : "done",
        because: refused ? outcome.refused : (outcome.audit.because ?? ""),
      });
      return outcome;
    });
    if ("refused" in result) throw refusal(result);
    return result.done;
  };
}

/** The reason is told where the target is known to whoever asks; what is unknown and what is forbidden have none. */
function refusal({ fault, say, refused }: { fault: FaultCode; say: string; refused: string }): Fault {
  return new Fault(fault, say, fault === "access.denied" ? {} : { place: refused });
}

/** @throws Fault input.invalid that names the field and what is wrong with it, never the value */
export function parseInput<Schema extends z.ZodType>(schema: Schema, raw: unknown): z.output<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join(".") ?? "body";
  throw new Fault("input.invalid", `${place === "" ? "The request" : place}: ${issue?.message ?? "is not valid"}`, {
    place,
  });
}
