import { sql } from "kysely";
import { z } from "zod";
import { OrganisationSettings } from "#contract/people.ts";
import { Name } from "#contract/words.ts";
import type { World } from "#features/audit/action.ts";
import { action } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { mayAdminister, REFUSED } from "#features/people/administration.ts";
import { updateOrganisation } from "#features/people/organisation-queries.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";

export const CreateOrganisation = z.object({
  name: Name,
  kind: z.enum(["clinic", "reading-group", "hospital", "practice"]).default("clinic"),
  jurisdiction: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .default("ZA"),
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .default("#c8401a"),
  languages: z.array(z.string()).default(["en"]),
});

const insertOrganisation = action("organisation.create", CreateOrganisation, async ({ tx, keyring }, who, input) => {
  const id = who.organisation; // the scope of this transaction is the organisation it makes
  const { rows } = await sql`insert into organisation (id, name, kind, jurisdiction, colour, languages)
    values (${id}, ${input.name}, ${input.kind}, ${input.jurisdiction}, ${input.colour}, ${input.languages}::text[]) on conflict do nothing returning id`.execute(
    tx,
  );
  if (rows.length === 0)
    throw new Fault("state.conflict", "There is an organisation of that name; choose another.", { place: "name" });
  await keyring.organisationKey(tx, id);
  return { done: { id }, audit: { subject: id, detail: { name: input.name } } };
});

/** A new organisation with its own key and record. From the operator's shell, set-up and the demo only. */
export function createOrganisation(
  world: World,
  input: z.input<typeof CreateOrganisation>,
  session: string,
): Promise<{ id: string }> {
  return insertOrganisation(world, systemActor(uuidv7(), session), input);
}

/** The organisation of this ID or exact name. @throws Fault input.invalid when there is none */
export async function findOrganisation(world: World, idOrName: string): Promise<string> {
  const { rows } = await world.database.read(NO_SCOPE, (tx) =>
    sql<{ id: string }>`select id from organisation_named(${idOrName}) as id`.execute(tx),
  );
  const found = rows[0];
  if (!found)
    throw new Fault(
      "input.invalid",
      "There is no organisation of that ID or exact name; `safelight admin org list` shows them.",
      { place: "org" },
    );
  return found.id;
}

/** Name, colours, logo, languages and limits, for an administrator. */
export const changeOrganisation = action("organisation.change", OrganisationSettings, async ({ tx }, who, input) => {
  if (!mayAdminister(who)) return REFUSED;
  const { idleMinutes, linkMaxDays, ...rest } = input;
  if (
    !(await updateOrganisation(tx, who.organisation, {
      ...rest,
      idle_minutes: idleMinutes,
      link_max_days: linkMaxDays,
    }))
  )
    throw new Fault("state.conflict", "There is an organisation of that name; choose another.", { place: "name" });
  await bumpEpochs(tx, [who.organisation]);
  const { logo, ...told } = input;
  return { done: {}, audit: { detail: { ...told, logo: logo !== null } } };
});

/** A new version of the organisation's key; key groups are wrapped again, objects stay as they are. From the operator's shell only. */
export const rotateKey = action("key.rotate", z.object({}), async ({ tx, keyring }, who) => {
  if (who.kind !== "system") return REFUSED;
  const { version, groups } = await keyring.rotate(tx, who.organisation);
  await bumpEpochs(tx, [who.organisation]);
  return { done: { version, groups }, audit: { detail: { version, groups } } };
});
