import { X509Certificate } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TokenScope } from "#contract/words.ts";
import { parseInput } from "#features/audit/action.ts";
import { type Actor, systemActor } from "#features/audit/actor.ts";
import { registerDevice } from "#features/people/device-actions.ts";
import { createOrganisation, findOrganisation } from "#features/people/organisation-actions.ts";
import { organisationById, organisationIds } from "#features/people/organisation-queries.ts";
import { createToken } from "#features/people/token-actions.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { openCertificates } from "./certificates.ts";
import type { Call, Command, Option } from "./command.ts";
import { WrongUse } from "./command.ts";
import { type Office, openOffice } from "./node.ts";

/** Administration from the shell: whoever can read the data directory is the operator. Works while the server runs or not. */
async function inOffice<T>(call: Call, work: (office: Office) => Promise<T>): Promise<T> {
  const office = await openOffice(call.config());
  try {
    return await work(office);
  } finally {
    await office.close();
  }
}

const ORG: Option = { value: "ORG", says: "the organisation, by ID or exact name", required: true };

async function shellOf(office: Office, call: Call): Promise<Actor> {
  return systemActor(await findOrganisation(office, call.need("org")), uuidv7());
}

export const createOrganisationCommand: Command = {
  usage: "--name NAME",
  options: {
    name: { value: "NAME", says: "its name, as it stands on the portal, in mail and on print", required: true },
    kind: { value: "KIND", says: "clinic (unless given), reading-group, hospital or practice" },
    jurisdiction: { value: "COUNTRY", says: "whose law applies, as two letters; ZA unless given" },
  },
  run: (call) =>
    inOffice(call, async (office) => {
      const kind = call.value("kind") as "clinic" | undefined;
      const jurisdiction = call.value("jurisdiction");
      const { id } = await createOrganisation(
        office,
        { name: call.need("name"), ...(kind && { kind }), ...(jurisdiction && { jurisdiction }) },
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

export const createDeviceCommand: Command = {
  usage: "--org ORG --ae TITLE --out DIR [--cert FILE] [--query] [--host HOST --port PORT] [--plain]",
  options: {
    org: ORG,
    ae: { value: "TITLE", says: "its AE title, 1 to 16 characters", required: true },
    out: { value: "DIR", says: "folder for its certificate, its key and our authority's certificate", required: true },
    cert: { value: "FILE", says: "register this PEM certificate instead of issuing one" },
    query: { says: "it may query and retrieve, not only store" },
    host: { value: "HOST", says: "where it listens, to be a destination too" },
    port: { value: "PORT", says: "the port there" },
    plain: { says: "without a certificate: a peer on this machine's plain port, which may only store" },
    description: { value: "TEXT", says: "what it is and where it stands" },
  },
  run: (call) => inOffice(call, (office) => createDevice(office, call)),
};

async function createDevice(office: Office, call: Call): Promise<void> {
  const who = await shellOf(office, call);
  const aeTitle = call.need("ae");
  const certificates = await openCertificates(office.config);
  const given = call.value("cert");
  const port = call.value("port");
  const host = call.value("host");
  if (call.flag("plain") && (given !== undefined || call.flag("query")))
    throw new WrongUse("--plain goes without --cert and --query: such a peer may only store");
  const name = await office.database.read({ organisation: who.organisation, person: null }, (tx) =>
    organisationById(tx, who.organisation),
  );
  const pair = call.flag("plain")
    ? null
    : given === undefined
      ? await certificates.issueForDevice({ aeTitle, organisation: name?.name ?? "" })
      : { key: null, cert: await readPem(given) };
  const folder = await outFolder(call.need("out"));
  const stem = join(folder, aeTitle.replace(/[^A-Za-z0-9_-]/g, "_"));
  const ca = join(folder, "ca.pem");
  await writeFresh(ca, certificates.authority, 0o644);
  if (pair?.key) await writeFresh(`${stem}.key`, pair.key, 0o600);
  if (pair) await writeFresh(`${stem}.pem`, pair.cert, 0o644);
  await registerDevice(office, who, {
    aeTitle,
    description: call.value("description") ?? "",
    certificate: pair?.cert ?? null,
    query: call.flag("query"),
    plain: call.flag("plain"),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
  });
  const files = { cert: pair && `${stem}.pem`, key: pair?.key ? `${stem}.key` : null, ca };
  call.answer({ ae: aeTitle, ...files }, `${aeTitle} may come. Its files are in ${folder}.\n`);
}

async function readPem(path: string): Promise<string> {
  try {
    return new X509Certificate(await readFile(path)).toString();
  } catch (cause) {
    throw new Fault("input.invalid", "The file of --cert is no certificate that can be read.", {
      place: "cert",
      cause,
    });
  }
}

async function outFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true });
    return path;
  } catch (cause) {
    throw new Fault("input.invalid", "The folder of --out cannot be made; choose another one.", {
      place: "out",
      cause,
    });
  }
}

async function writeFresh(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "w", mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

export const createTokenCommand: Command = {
  usage: '--org ORG --scope "dicomweb.read …" [--purpose care] [--expires 90d] [--name NAME]',
  options: {
    org: ORG,
    scope: { value: "SCOPES", says: `of ${TokenScope.options.join(", ")}, separated by spaces`, required: true },
    purpose: { value: "PURPOSE", says: "what for; care unless given" },
    expires: { value: "DAYS", says: "when it ends, such as 30d; 90d unless given, at most 365d" },
    name: { value: "NAME", says: "what it is called in lists" },
  },
  run: (call) =>
    inOffice(call, async (office) => {
      const who = await shellOf(office, call);
      const { secret, expiresAt } = await createToken(office, who, {
        name: call.value("name") ?? "from the shell",
        scopes: parseInput(
          z.array(TokenScope).min(1),
          call
            .need("scope")
            .split(/[\s,]+/)
            .filter(Boolean),
        ),
        purpose: (call.value("purpose") ?? "care") as "care",
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
