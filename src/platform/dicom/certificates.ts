import { createPrivateKey, KeyObject, randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import * as asn1 from "asn1js";
import * as pki from "pkijs";
import { Fault } from "#kit/fault.ts";

/** PEM: PKCS#8 key, X.509 certificate. The key is a secret: it goes to a file with mode 0600 or into a hand that asked for it. */
export type KeyAndCertificate = { key: string; cert: string };

export type Issue = {
  authority: KeyAndCertificate;
  commonName: string;
  organisation?: string;
  dnsNames?: readonly string[];
  /** IPv4 and IPv6 in text form. */
  ipAddresses?: readonly string[];
  usage: "server" | "client" | "both";
  /** Browsers refuse server certificates of more than 398 days unless the authority was added by hand. */
  days: number;
  now: Date;
};

const EC = { name: "ECDSA", namedCurve: "P-256" } as const;
const DAY_MS = 86_400_000;
/** Clocks of modalities run late: a certificate is valid from an hour ago. */
const BACKDATE_MS = 3_600_000;

const OID = {
  commonName: "2.5.4.3",
  organisation: "2.5.4.10",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** RFC 5280 §4.2.1.3, bit 0 first: what a key may be used for, as a BIT STRING's octet and its unused bits. */
const KEY_USAGE = {
  certificates: { octet: 0b0000_0110, unusedBits: 1 }, // keyCertSign, cRLSign
  signatures: { octet: 0b1000_0000, unusedBits: 7 }, // digitalSignature
} as const;

/** pkijs types its engine by the DOM's newest SubtleCrypto, Node by its own; only sign, digest and exportKey are used here. */
const engine = new pki.CryptoEngine({
  name: "node",
  crypto: webcrypto as unknown as Crypto,
}) as unknown as pki.ICryptoEngine;

/** A certification authority of one's own: ECDSA P-256, ten years, may sign end certificates only. RFC 5280. */
export async function createAuthority({ name, now }: { name: string; now: Date }): Promise<KeyAndCertificate> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const certificate = await blank(keys.publicKey, name, undefined, now, 3652);
  certificate.issuer = certificate.subject;
  const subjectKey = await keyIdentifier(certificate);
  certificate.extensions = [
    extension(OID.basicConstraints, true, new pki.BasicConstraints({ cA: true, pathLenConstraint: 0 }).toSchema()),
    keyUsage("certificates"),
    extension(OID.subjectKeyIdentifier, false, new asn1.OctetString({ valueHex: subjectKey })),
  ];
  await certificate.sign(keys.privateKey, "SHA-256", engine);
  return { key: pemOf(keys.privateKey), cert: certificatePem(certificate) };
}

/** A certificate with a new ECDSA P-256 key, signed by the authority. Fault `config.invalid` for names and addresses that are none. RFC 5280. */
export async function issueCertificate(issue: Issue): Promise<KeyAndCertificate> {
  const authority = pki.Certificate.fromBER(new X509Certificate(issue.authority.cert).raw);
  const keys = await webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const certificate = await blank(keys.publicKey, issue.commonName, issue.organisation, issue.now, issue.days);
  certificate.issuer = authority.subject;
  const authorityKey = await keyIdentifier(authority);
  const purposes = { server: [OID.serverAuth], client: [OID.clientAuth], both: [OID.serverAuth, OID.clientAuth] }[
    issue.usage
  ];
  certificate.extensions = [
    extension(OID.basicConstraints, true, new pki.BasicConstraints({ cA: false }).toSchema()),
    keyUsage("signatures"),
    extension(OID.extendedKeyUsage, false, new pki.ExtKeyUsage({ keyPurposes: purposes }).toSchema()),
    extension(OID.subjectKeyIdentifier, false, new asn1.OctetString({ valueHex: await keyIdentifier(certificate) })),
    extension(
      OID.authorityKeyIdentifier,
      false,
      new pki.AuthorityKeyIdentifier({ keyIdentifier: new asn1.OctetString({ valueHex: authorityKey }) }).toSchema(),
    ),
  ];
  const names = alternativeNames(issue);
  if (names.length > 0) {
    certificate.extensions.push(extension(OID.subjectAltName, false, new pki.GeneralNames({ names }).toSchema()));
  }
  await certificate.sign(await signingKey(issue.authority.key), "SHA-256", engine);
  return { key: pemOf(keys.privateKey), cert: certificatePem(certificate) };
}

async function blank(
  publicKey: webcrypto.CryptoKey,
  commonName: string,
  organisation: string | undefined,
  now: Date,
  days: number,
): Promise<pki.Certificate> {
  const certificate = new pki.Certificate();
  certificate.version = 2;
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40; // positive and without a leading zero: RFC 5280 §4.1.2.2
  certificate.serialNumber = new asn1.Integer({ valueHex: toArrayBuffer(serial) });
  certificate.notBefore.value = new Date(now.getTime() - BACKDATE_MS);
  certificate.notAfter.value = new Date(now.getTime() + days * DAY_MS);
  certificate.subject = distinguishedName([
    ...(organisation === undefined ? [] : [[OID.organisation, organisation] as const]),
    [OID.commonName, commonName],
  ]);
  await certificate.subjectPublicKeyInfo.importKey(publicKey, engine);
  return certificate;
}

/** RFC 5280 §4.1.2.4: one attribute to each set; appendix A.1: these names hold 1 to 64 characters. */
function distinguishedName(names: readonly (readonly [type: string, value: string])[]): pki.RelativeDistinguishedNames {
  const sets = names.map(([type, value]) => {
    if (value.length === 0 || value.length > 64) {
      throw new Fault("config.invalid", "a certificate's names have 1 to 64 characters", { place: "commonName" });
    }
    const attribute = [new asn1.ObjectIdentifier({ value: type }), new asn1.Utf8String({ value })];
    return new asn1.Set({ value: [new asn1.Sequence({ value: attribute })] });
  });
  return pki.RelativeDistinguishedNames.fromBER(new asn1.Sequence({ value: sets }).toBER());
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the public key's bits. It names the key and protects nothing. */
async function keyIdentifier(certificate: pki.Certificate): Promise<ArrayBuffer> {
  const bits = certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
  return webcrypto.subtle.digest("SHA-1", toArrayBuffer(bits));
}

function extension(extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): pki.Extension {
  return new pki.Extension({ extnID, critical, extnValue: value.toBER() });
}

function keyUsage(purpose: keyof typeof KEY_USAGE): pki.Extension {
  const { octet, unusedBits } = KEY_USAGE[purpose];
  return extension(OID.keyUsage, true, new asn1.BitString({ valueHex: Uint8Array.of(octet).buffer, unusedBits }));
}

/** RFC 5280 §4.2.1.6: 2 is a DNS name, 7 an IP address in network order. */
function alternativeNames({ dnsNames = [], ipAddresses = [] }: Issue): pki.GeneralName[] {
  const names = dnsNames.map((name) => {
    if (!/^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i.test(name)) {
      throw new Fault("config.invalid", "a DNS name in a certificate has letters, digits, hyphens and dots", {
        place: "dnsNames",
      });
    }
    return new pki.GeneralName({ type: 2, value: name });
  });
  return names.concat(
    ipAddresses.map(
      (text) => new pki.GeneralName({ type: 7, value: new asn1.OctetString({ valueHex: ipBytes(text) }) }),
    ),
  );
}

function ipBytes(text: string): ArrayBuffer {
  const version = isIP(text);
  if (version === 4) return Uint8Array.from(text.split("."), Number).buffer;
  if (version === 6) {
    const full = new URL(`http://[${text}]`).hostname.slice(1, -1); // the URL parser writes the one canonical form
    const [head = "", tail] = full.split("::");
    const groups = (part: string | undefined): string[] => (part === undefined || part === "" ? [] : part.split(":"));
    const gap = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
    const all = [...groups(head), ...Array<string>(gap).fill("0"), ...groups(tail)];
    return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
      .buffer;
  }
  throw new Fault("config.invalid", "an IP address in a certificate is IPv4 or IPv6 in text form", {
    place: "ipAddresses",
  });
}

async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", toArrayBuffer(der), EC, false, ["sign"]);
}

function pemOf(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs8", format: "pem" }).toString();
}

function certificatePem(certificate: pki.Certificate): string {
  return new X509Certificate(Buffer.from(certificate.toSchema(false).toBER())).toString();
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
