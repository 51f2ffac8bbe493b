import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { EncryptionState } from "#contract/studies.ts";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { publicKeys } from "#features/audit/ledger/signing-keys.ts";
import { type WitnessKind, witnessesOf } from "#features/audit/ledger/witness.ts";
import { lastBackup, organisationKeys, sealedObjects, sealedValues } from "#features/compliance/queries.ts";
import type { Config } from "#platform/config.ts";
import { MASTER_KEY_FILE } from "#platform/keys.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { masterKeyId } from "#trust/keys/master.ts";
import type { SecretKey } from "#trust/keys/wrap.ts";

export type WirePorts = {
  http: number;
  dicom: number | null;
  dicomTls: number | null;
  hl7: number | null;
  hl7Tls: number | null;
};

export type EncryptionNeeds = {
  world: World;
  config: Pick<Config, "dataDir" | "tlsCert" | "databaseUrl">;
  master: SecretKey;
  /** The certificate that the TLS ports for DICOM and HL7 show, as PEM. */
  certificates: { server: { cert: string } };
  ports: () => WirePorts | undefined;
};

/** What protects the images at this moment, from the running system: nothing here is only configured. */
export function encryptionState(needs: EncryptionNeeds, who: Actor): Promise<EncryptionState> {
  return needs.world.database.read(scopeOf(who), async (tx) => ({
    wires: wiresOf(needs),
    stores: await storesOf(tx, needs, who.organisation),
    keys: await keysOf(tx, needs, who.organisation),
    backup: await backupOf(tx, needs.config.dataDir),
    witnesses: await witnessed(tx, who.organisation),
  }));
}

type Wire = EncryptionState["wires"][number];
const TLS = "TLS 1.3, 1.2 (BCP 195)";

function wiresOf({ config, certificates, ports }: EncryptionNeeds): Wire[] {
  const open = ports();
  const web = config.tlsCert === undefined ? null : certificateOf(readFileSync(config.tlsCert, "utf8"));
  const device = certificateOf(certificates.server.cert);
  const tls = (wire: Wire["wire"], port: number | null, certificate: Wire["certificate"]): Wire =>
    port === null
      ? { wire, port, state: "off", tls: null, certificate: null }
      : { wire, port, state: "on", tls: TLS, certificate };
  const plain = (wire: Wire["wire"], port: number | null): Wire => ({
    wire,
    port,
    state: port === null ? "off" : "loopback-plain",
    tls: null,
    certificate: null,
  });
  return [
    web === null ? plain("web", open?.http ?? null) : tls("web", open?.http ?? null, web),
    tls("dicom-tls", open?.dicomTls ?? null, device),
    plain("dicom", open?.dicom ?? null),
    tls("hl7-tls", open?.hl7Tls ?? null, device),
    plain("hl7", open?.hl7 ?? null),
  ];
}

function certificateOf(pem: string): Wire["certificate"] {
  const certificate = new X509Certificate(pem);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    sha256: certificate.fingerprint256,
    notAfter: certificate.validToDate.toISOString(),
  };
}

/** Node writes a name's parts in lines; a self-signed one may have none. */
function oneLine(name: string | undefined): string {
  return (name ?? "").split("\n").join(", ");
}

async function storesOf(tx: Tx, needs: EncryptionNeeds, organisation: string): Promise<EncryptionState["stores"]> {
  const { objects, bytes } = await sealedObjects(tx, organisation);
  const values = await sealedValues(tx, organisation);
  const { databaseUrl } = needs.config;
  return [
    {
      store: "folder",
      algorithm: "AES-256-GCM chunks",
      sealedObjects: objects,
      bytes,
    },
    {
      store: databaseUrl === undefined ? "own-database" : "external-database",
      algorithm: "AES-256-GCM values",
      sealedObjects: objects * 2 + values.values,
      bytes: values.bytes,
    },
  ];
}

type Key = EncryptionState["keys"][number];

async function keysOf(tx: Tx, needs: EncryptionNeeds, organisation: string): Promise<EncryptionState["keys"]> {
  const { config, master, world } = needs;
  const file = join(config.dataDir, "keys", MASTER_KEY_FILE);
  const organisations = await organisationKeys(tx, organisation);
  const signing = await publicKeys(tx, world.keyring, organisation);
  return [
    {
      kind: "master",
      master: masterKeyId(master),
      version: 1,
      createdAt: (existsSync(file) ? statSync(file).birthtime : new Date()).toISOString(),
      where: "file",
    },
    ...organisations.map(
      (key): Key => ({
        kind: key.retired_at === null ? "organisation" : "organisation-retired",
        master: key.wrapper,
        version: key.version,
        createdAt: key.created_at.toISOString(),
        where: "database",
      }),
    ),
    ...signing.map(
      (key): Key => ({
        kind: key.genuine ? "signing" : "signing-foreign",
        master: null,
        version: key.version,
        createdAt: key.createdAt.toISOString(),
        where: "database",
      }),
    ),
  ];
}

/** The key of a backup is named after it; where it still lies here, a thief of this machine has both. */
export function backupKeyFile(dataDir: string, id: string): string {
  return join(dataDir, "keys", `backup-${id}.key`);
}

async function backupOf(tx: Tx, dataDir: string): Promise<EncryptionState["backup"]> {
  const last = await lastBackup(tx);
  if (last === null) return { lastAt: null, sha256: null, keyKeptElsewhere: false };
  return {
    lastAt: last.at.toISOString(),
    sha256: last.manifest_sha256.toString("hex"),
    keyKeptElsewhere: !existsSync(backupKeyFile(dataDir, last.id)),
  };
}

const WITNESSES: readonly WitnessKind[] = ["folder", "mail", "export", "backup"];

async function witnessed(tx: Tx, organisation: string): Promise<EncryptionState["witnesses"]> {
  const known = new Map((await witnessesOf(tx, organisation)).map((row) => [row.kind, row]));
  return WITNESSES.map((kind) => ({
    kind,
    lastAt: known.get(kind)?.at.toISOString() ?? null,
    size: known.get(kind)?.size ?? 0,
  }));
}
