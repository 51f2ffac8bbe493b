import { PURPOSES, SCOPES } from "#contract/words.ts";
import { type Actor, systemActor } from "#features/audit/actor.ts";
import { createOrganisation, findOrganisation, rotateKey } from "#features/people/organisation-actions.ts";
import { organisationById, organisationIds } from "#features/people/organisation-queries.ts";
import { createToken } from "#features/people/tokens/actions.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { type Call, type Command, type Option, WrongUse } from "./command.ts";
import { type Office, openOffice } from "./node.ts";

/** Administration from the shell: whoever can read the data directory is the operator. Works while the server runs or not. */
export async function inOffice<T>(call: Call, work: (office: Office) => Promise<T>): Promise<T> {
  const office = await openOffice(call.config());
  try {
    return await work(office);
  } finally {
    await office.close();
  }
}

export const ORG: Option = { value: "ORG", says: "the organisation, by ID or exact name", required: true };

/** The operator at the shell, acting for one organisation. */
export async function shellOf(office: Office, call: Call): Promise<Actor> {
  return systemActor(await findOrganisation(office, call.need("org")), uuidv7());
}

const KINDS = ["clinic", "reading-group", "hospital", "practice"] as const;

export const createOrganisationCommand: Command = {
  usage: "--name NAME",
  options: {
    name: { value: "NAME", says: "its name, as it stands on the portal, in mail and on print", required: true },
    kind: { value: "KIND", says: "clinic (unless given), reading-group, hospital or practice" },
    jurisdiction: { value: "COUNTRY", says: "whose law applies, as two letters; ZA unless given" },
  },
  run: (call) =>
    inOffice(call, async (office) => {
      const kind = oneOf(KINDS, call.value("kind") ?? "clinic", "kind");
      const jurisdiction = call.value("jurisdiction");
      const { id } = await createOrganisation(
        office,
        { name: call.need("name"), kind, ...(jurisdiction && { jurisdiction }) },
        uuidv7(),
      );
      call.answer({ id }, `The organisation is ${id}.\n`);
    }),
};

export const listOrganisationsCommand: Command = {
  usage: "",
  run: (call) =>
    inOffice(call, async ({ database }) => {
      const ids = await database.read(NO_SCOPE, organisationIds);
      const organisations = [];
      for (const id of ids) {
        const row = await database.read({ organisation: id, person: null }, (tx) => organisationById(tx, id));
        if (row) organisations.push({ id, name: row.name, kind: row.kind, jurisdiction: row.jurisdiction });
      }
      call.answer(
        { organisations },
        organisations.map(({ id, name, kind }) => `${id}  ${kind.padEnd(13)}  ${name}\n`).join(""),
      );
    }),
};

export const createTokenCommand: Command = {
  usage: '--org ORG --scope "dicomweb.read …" [--purpose care] [--expires 90d] [--name NAME]',
  options: {
    org: ORG,
    scope: { value: "SCOPES", says: `of ${SCOPES.join(", ")}, separated by spaces`, required: true },
    purpose: { value: "PURPOSE", says: "what for; care unless given" },
    expires: { value: "DAYS", says: "when it ends, such as 30d; 90d unless given, at most 365d" },
    name: { value: "NAME", says: "what it is called in lists" },
  },
  run: (call) =>
    inOffice(call, async (office) => {
      const who = await shellOf(office, call);
      const { secret, expiresAt } = await createToken(office, who, {
        name: call.value("name") ?? "from the shell",
        scopes: call
          .need("scope")
          .split(/[\s,]+/)
          .filter(Boolean)
          .map((word) => oneOf(SCOPES, word, "scope")),
        purpose: oneOf(PURPOSES, call.value("purpose") ?? "care", "purpose"),
        expiresInDays: daysOf(call.value("expires") ?? "90d"),
      });
      call.answer(
        { token: secret.reveal() },
        `${secret.reveal()}\nIt is shown once and ends on ${expiresAt.toISOString()}.\n`,
      );
    }),
};

function daysOf(text: string): number {
  const days = /^(\d{1,4})d?$/.exec(text.trim())?.[1];
  if (days === undefined) throw new WrongUse("--expires is a number of days, such as 90d");
  return Number(days);
}

/** One of a closed list. @throws WrongUse naming the option and the list */
export function oneOf<T extends string>(list: readonly T[], text: string, option: string): T {
  const found = list.find((word) => word === text);
  if (found === undefined) throw new WrongUse(`--${option} is one of: ${list.join(", ")}`);
  return found;
}

export const rotateKeyCommand: Command = {
  usage: "--org ORG",
  options: { org: ORG },
  run: (call) =>
    inOffice(call, async (office) => {
      const { version, groups } = await rotateKey(office, await shellOf(office, call), {});
      call.answer(
        { version, groups },
        `The organisation's key has version ${version}; ${groups} key groups were wrapped again.\n`,
      );
    }),
};
