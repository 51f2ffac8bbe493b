import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { Fault } from "#kit/fault.ts";
import type { Config } from "#platform/config.ts";
import { createAuthority, issueCertificate, type KeyAndCertificate } from "#platform/dicom/certificates.ts";
import { tlsOptions } from "#platform/tls.ts";
import { halfOf, placeFile, removeHalves, syncFolder } from "#platform/whole-file.ts";

/** The small certification authority of this server in `<data>/certificates`, made at first start. */
export type Authority = {
  /** PEM of its certificate: what devices are told to trust. */
  authority: string;
  /** A certificate and key for one device. */
  issueForDevice(name: { aeTitle: string; organisation: string }): Promise<KeyAndCertificate>;
};

/** With the certificate that the DICOM TLS port shows: `SAFELIGHT_TLS_CERT` and `_KEY` where they are set, otherwise one of its own. */
export type Certificates = Authority & { server: { key: string; cert: string; own: boolean } };

const FOLDER = "certificates";
const DEVICE_DAYS = 3 * 365;
const SERVER_DAYS = 397;
const RENEW_BEFORE_MS = 30 * 86_400_000;

export async function openCertificates(config: Config, now: Date = new Date()): Promise<Certificates> {
  const pair = await authorityOf(config, now);
  const server = serverFiles(config, now) ?? { ...(await ownServer(pair, config, now)), own: true };
  return { ...issuer(pair), server };
}

/** The authority alone, for what issues and does not listen. */
export async function openAuthority(config: Config, now: Date = new Date()): Promise<Authority> {
  return issuer(await authorityOf(config, now));
}

const folderOf = (config: Config): string => join(config.dataDir, FOLDER);

async function authorityOf(config: Config, now: Date): Promise<KeyAndCertificate> {
  removeHalves(folderOf(config));
  return (await read(folderOf(config), "authority")) ?? (await establish(config, now));
}

function issuer(authority: KeyAndCertificate): Authority {
  return {
    authority: authority.cert,
    issueForDevice: ({ aeTitle, organisation }) =>
      issueCertificate({
        authority,
        commonName: aeTitle.trim().slice(0, 64),
        organisation: organisation.slice(0, 64),
        usage: "both",
        days: DEVICE_DAYS,
        now: new Date(),
      }),
  };
}

function serverFiles(config: Config, now: Date): Certificates["server"] | null {
  if (config.tlsCert === undefined || config.tlsKey === undefined) return null;
  const { key, cert } = tlsOptions({ cert: config.tlsCert, key: config.tlsKey }, now);
  return { key: String(key), cert: String(cert), own: false };
}

/** Made aside and put in place by one rename: two programs that start together end up with the same authority. */
async function establish(config: Config, now: Date): Promise<KeyAndCertificate> {
  const folder = folderOf(config);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const half = halfOf(folder);
  try {
    await mkdir(half, { mode: 0o700 });
    await write(
      half,
      "authority",
      await createAuthority({ name: `Safelight authority of ${hostname().slice(0, 40)}`, now }),
    );
    await rename(half, folder);
    syncFolder(config.dataDir);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    const other = await read(folder, "authority");
    if (other === null) throw error;
    return other;
  }
  const made = await read(folder, "authority");
  if (made === null) throw new Fault("internal", "the authority that was just written is gone");
  return made;
}

async function ownServer(authority: KeyAndCertificate, config: Config, now: Date): Promise<KeyAndCertificate> {
  const folder = folderOf(config);
  const existing = await read(folder, "server");
  if (existing !== null && holds(existing, authority.cert, config, now)) return existing;
  const made = await issueCertificate({
    authority,
    commonName: "Safelight",
    ...namesOf(config),
    usage: "both",
    days: SERVER_DAYS,
    now,
  });
  await write(folder, "server", made);
  return made;
}

function holds({ cert, key }: KeyAndCertificate, authority: string, config: Config, now: Date): boolean {
  const certificate = new X509Certificate(cert);
  const { dnsNames, ipAddresses } = namesOf(config);
  return (
    certificate.checkPrivateKey(createPrivateKey(key)) &&
    certificate.checkIssued(new X509Certificate(authority)) &&
    certificate.validToDate.getTime() - RENEW_BEFORE_MS > now.getTime() &&
    dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
    ipAddresses.every((address) => certificate.checkIP(address) !== undefined)
  );
}

/** Under which names and addresses peers reach us, as far as the configuration tells. */
function namesOf(config: Config): { dnsNames: string[]; ipAddresses: string[] } {
  const told = config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname.replace(/^\[(.*)\]$/, "$1")];
  const all = [...new Set(["localhost", hostname().toLowerCase(), ...told, "127.0.0.1", "::1", config.bind])];
  return {
    dnsNames: all.filter((name) => isIP(name) === 0 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i.test(name)),
    ipAddresses: all.filter((name) => isIP(name) !== 0 && name !== "0.0.0.0" && name !== "::"),
  };
}

async function read(folder: string, name: string): Promise<KeyAndCertificate | null> {
  try {
    const [cert, key] = await Promise.all([
      readFile(join(folder, `${name}.pem`), "utf8"),
      readFile(join(folder, `${name}.key`), "utf8"),
    ]);
    return { cert, key };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** The certificate last, so that a pair that can be read is whole. */
async function write(folder: string, name: string, pair: KeyAndCertificate): Promise<void> {
  await placeFile(join(folder, `${name}.key`), pair.key, { mode: 0o600, replace: true });
  await placeFile(join(folder, `${name}.pem`), pair.cert, { mode: 0o644, replace: true });
}
