import { z } from "zod";
import { Markings } from "#contract/studies.ts";
import { Id } from "#contract/words.ts";
import { type ActionResult, action, type World } from "#features/audit/action.ts";
import { type Actor, scopeOf, subjectsOf } from "#features/audit/actor.ts";
import type { SecretKey } from "#features/keys/keyring.ts";
import { studyFor } from "#features/reports/access.ts";
import { type MarkingRecord, markingsOf, putMarkings } from "#features/reports/marking-queries.ts";
import { mayMark } from "#features/reports/rules.ts";
import { denied } from "#features/sharing/gate.ts";
import { studyFacts } from "#features/sharing/queries.ts";
import { studyById } from "#features/studies/queries.ts";
import { newKey, unwrapKey, wrapKey } from "#trust/keys/wrap.ts";
import { openSmall, sealSmall } from "#trust/seal/envelope.ts";

/** Keeps what a person measured on a study, for that person; what was kept before is replaced. */
export const keepMarkings = action(
  "markings.keep",
  Markings.extend({ owner: Id, study: Id }),
  async (inside, who, { owner, study: id, markings }): Promise<ActionResult<Markings>> => {
    const found = await studyFor(inside, who, { owner, study: id, rule: mayMark });
    if ("refused" in found) return found;
    const { tx, keyring, random } = inside;
    const person = personOf(who);
    const audit = { ...found.audit, detail: { markings: markings.length } };
    const group = await keyring.groupKey(tx, owner, found.study.key_group);
    const key = newKey(random);
    const sealed = sealSmall(key, nameOf(id, person), Buffer.from(JSON.stringify(markings), "utf8"));
    await putMarkings(tx, { organisation: owner, study: id, person, sealed, wrappedKey: wrapKey(group, key) });
    return { done: { markings }, audit };
  },
);

/** What this person keeps on a study. @throws Fault access.denied for what is unknown or forbidden */
export function readMarkings(world: World, who: Actor, owner: string, id: string): Promise<Markings> {
  return world.database.read(scopeOf(who), async (tx) => {
    const study = await studyById(tx, owner, id);
    const verdict = mayMark(who, await studyFacts(tx, owner, id, subjectsOf(who)), tx.now);
    if (!study || !verdict.allowed) throw denied();
    const person = personOf(who);
    const row = await markingsOf(tx, owner, id, person);
    if (!row) return { markings: [] };
    return { markings: opened(await world.keyring.groupKey(tx, owner, study.key_group), nameOf(id, person), row) };
  });
}

/** The rule lets people through only. */
function personOf(who: Actor): string {
  if (who.kind !== "person") throw denied();
  return who.id;
}

const nameOf = (study: string, person: string): string => `markings:${study}:${person}`;

function opened(group: SecretKey, name: string, row: MarkingRecord): Markings["markings"] {
  const plain = openSmall(unwrapKey(group, row.wrapped_key), name, row.sealed);
  return z.array(Markings.shape.markings.element).parse(JSON.parse(Buffer.from(plain).toString("utf8")));
}
