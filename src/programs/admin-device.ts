import { X509Certificate } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { registerDevice } from "#features/people/devices/actions.ts";
import { organisationById } from "#features/people/organisation-queries.ts";
import { Fault } from "#kit/fault.ts";
import { inOffice, ORG, shellOf } from "./admin.ts";
import { openAuthority } from "./certificates.ts";
import { type Call, type Command, WrongUse } from "./command.ts";
import type { Office } from "./node.ts";

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
  const certificates = await openAuthority(office.config);
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
