import { PURPOSES, ROLES } from "#contract/words.ts";
import { scopeOf } from "#features/audit/actor.ts";
import { invitePerson, resetByOperator } from "#features/people/person-actions.ts";
import { personByAddress } from "#features/people/person-queries.ts";
import { Accounts } from "#features/people/signin/accounts.ts";
import { openCredentials, slowPasswords } from "#features/people/signin/credentials.ts";
import { authStore } from "#features/people/signin/store.ts";
import { recordAgreement } from "#features/sharing/agreement-actions.ts";
import { Fault } from "#kit/fault.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { addressOf } from "./address.ts";
import { inOffice, ORG, oneOf, shellOf } from "./admin.ts";
import { type Call, type Command, WrongUse } from "./command.ts";
import type { Office } from "./node.ts";

const KINDS = ["operator", "processor", "business-associate", "joint-care"] as const;

export const createUserCommand: Command = {
  usage: "--org ORG --email ADDRESS --role ROLE [--name NAME]",
  options: {
    org: ORG,
    email: { value: "ADDRESS", says: "e-mail address, to which the invitation goes too", required: true },
    role: { value: "ROLE", says: `one of ${ROLES.join(", ")}`, required: true },
    name: { value: "NAME", says: "as others see it; the address unless given" },
  },
  run: (call) =>
    inOffice(call, async (office) => {
      const { person: id, url } = await invitePerson(office, await shellOf(office, call), {
        email: call.need("email"),
        displayName: call.value("name") ?? call.need("email"),
        role: oneOf(ROLES, call.need("role"), "role"),
        publicUrl: await addressOf(office.config),
      });
      call.answer({ id, setupUrl: url.reveal() }, `${url.reveal()}\nThe link holds for seven days and works once.\n`);
    }),
};

export const resetUserCommand: Command = {
  usage: "--org ORG --email ADDRESS",
  options: {
    org: ORG,
    email: {
      value: "ADDRESS",
      says: "whose password and second factor are taken away; their sessions end",
      required: true,
    },
  },
  run: (call) => inOffice(call, (office) => resetUser(office, call)),
};

async function resetUser(office: Office, call: Call): Promise<void> {
  const who = await shellOf(office, call);
  const id = await office.database.read(NO_SCOPE, (tx) => personByAddress(tx, call.need("email")));
  if (id === null) throw new Fault("input.invalid", "Nobody has that address here.", { place: "email" });
  const { url, user } = await resetByOperator(office, who, { id, publicUrl: await addressOf(office.config) });
  if (user !== null) await (await accountsOf(office)).remove(user);
  call.answer({ id, setupUrl: url.reveal() }, `${url.reveal()}\nThe link holds for seven days and works once.\n`);
}

async function accountsOf({ database, signinSecret: secret, pepper, config }: Office): Promise<Accounts> {
  const url = await addressOf(config);
  const auth = openCredentials({
    pool: database.auth,
    secret,
    passwords: slowPasswords(pepper),
    publicUrl: url,
    secure: url.startsWith("https:"),
  });
  return new Accounts({ auth: () => auth, store: authStore(database.auth) });
}

export const createPartnerCommand: Command = {
  usage:
    '--org ORG --with ORG --purpose "care …" --until DATE [--from DATE] [--kind KIND] [--reference TEXT] [--country CC]',
  options: {
    org: ORG,
    with: { value: "ORG", says: "the organisation that may receive, by ID or exact name", required: true },
    purpose: { value: "PURPOSES", says: `of ${PURPOSES.join(", ")}, separated by spaces`, required: true },
    until: { value: "DATE", says: "last day, such as 2027-12-31", required: true },
    from: { value: "DATE", says: "first day; today unless given" },
    kind: { value: "KIND", says: `${KINDS.join(", ")}; joint-care unless given` },
    reference: { value: "TEXT", says: "where the signed paper is filed" },
    country: { value: "CC", says: "a country its data may go to, as two letters; may be repeated", multiple: true },
  },
  run: (call) =>
    inOffice(call, async (office) => {
      const who = await shellOf(office, call);
      const words = call
        .need("purpose")
        .split(/[\s,]+/)
        .filter(Boolean);
      const { id } = await recordAgreement(office, who, {
        partner: call.need("with"),
        kind: oneOf(KINDS, call.value("kind") ?? "joint-care", "kind"),
        reference: call.value("reference") ?? "",
        purposes: words.map((word) => oneOf(PURPOSES, word, "purpose")),
        countries: [...call.values("country")],
        from:
          call.value("from") === undefined
            ? await now(office, scopeOf(who))
            : dayOf(call.need("from"), "from", "00:00:00Z"),
        until: dayOf(call.need("until"), "until", "23:59:59Z"),
      });
      call.answer({ id }, `The agreement is ${id}.\n`);
    }),
};

async function now({ database }: Office, scope: Parameters<Office["database"]["read"]>[0]): Promise<string> {
  return database.read(scope, (tx) => Promise.resolve(tx.now.toISOString()));
}

function dayOf(text: string, option: string, time: string): string {
  const day = new Date(`${text}T${time}`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(day.getTime()))
    throw new WrongUse(`--${option} is a day, such as 2027-12-31`);
  return day.toISOString();
}
