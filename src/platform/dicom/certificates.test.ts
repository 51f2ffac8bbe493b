import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { fingerprintOf } from "#platform/dicom/tls.ts";

const now = new Date("2026-11-24T12:00:00Z");
const authority = await createAuthority({ name: "Example CA", now });
const server = await issueCertificate({
  authority,
  commonName: "pacs.example",
  dnsNames: ["localhost", "pacs.example"],
  ipAddresses: ["127.0.0.1", "::1", "2001:db8::1:0:2"],
  usage: "server",
  days: 397,
  now,
});
const device = await issueCertificate({
  authority,
  commonName: "CT_1",
  organisation: "Clinic Ä",
  usage: "client",
  days: 730,
  now,
});

function openssl(args: string[], files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return execFileSync("openssl", args, { cwd: folder, encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("RFC 5280: openssl verifies both, strictly, each for its own purpose only", () => {
  const files = { "ca.pem": authority.cert, "server.pem": server.cert, "device.pem": device.cert };
  const at = ["-attime", String(now.getTime() / 1000)];
  openssl(["verify", ...at, "-x509_strict", "-CAfile", "ca.pem", "-purpose", "sslserver", "server.pem"], files);
  openssl(["verify", ...at, "-x509_strict", "-CAfile", "ca.pem", "-purpose", "sslclient", "device.pem"], files);
  assert.throws(() => openssl(["verify", ...at, "-CAfile", "ca.pem", "-purpose", "sslclient", "server.pem"], files));
  assert.throws(() => openssl(["verify", ...at, "-CAfile", "ca.pem", "-purpose", "sslserver", "device.pem"], files));
});

test("the server's certificate holds its names and addresses", () => {
  const x509 = new X509Certificate(server.cert);
  for (const name of ["localhost", "pacs.example"]) assert.equal(x509.checkHost(name), name);
  for (const ip of ["127.0.0.1", "::1", "2001:db8::1:0:2"]) assert.ok(x509.checkIP(ip), ip);
  assert.equal(x509.checkHost("elsewhere.example"), undefined);
  assert.equal(x509.checkIP("127.0.0.2"), undefined);
});

test("names go in as they are, umlauts too", () => {
  const text = openssl(["x509", "-in", "device.pem", "-noout", "-subject", "-nameopt", "RFC2253,utf8,-esc_msb"], {
    "device.pem": device.cert,
  });
  assert.equal(text.trim(), "subject=CN=CT_1,O=Clinic Ä");
});

test("the key belongs to its certificate, and the authority's to its own", () => {
  for (const { key, cert } of [authority, server, device]) {
    assert.ok(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)));
  }
  assert.ok(new X509Certificate(device.cert).verify(new X509Certificate(authority.cert).publicKey));
});

test("a fingerprint is SHA-256 of the DER encoding, as openssl says it", () => {
  const text = openssl(["x509", "-in", "device.pem", "-noout", "-fingerprint", "-sha256"], {
    "device.pem": device.cert,
  });
  const digits = text.trim().replace(/^.*=/, "").replaceAll(":", "").toLowerCase();
  assert.equal(fingerprintOf(device.cert), digits);
  assert.equal(fingerprintOf(new X509Certificate(device.cert).raw), digits);
});

test("validity begins an hour early and lasts the days asked for; serial numbers differ", () => {
  const [a, b] = [new X509Certificate(server.cert), new X509Certificate(device.cert)];
  assert.equal(a.validFromDate.getTime(), now.getTime() - 3_600_000);
  assert.equal(a.validToDate.getTime(), now.getTime() + 397 * 86_400_000);
  assert.notEqual(a.serialNumber, b.serialNumber);
  assert.equal(a.serialNumber.length, 32);
});

test("an end certificate cannot sign another, and an authority no second authority", async () => {
  const child = await issueCertificate({ authority: device, commonName: "impostor", usage: "client", days: 10, now });
  const files = { "ca.pem": authority.cert, "device.pem": device.cert, "child.pem": child.cert };
  assert.throws(() =>
    openssl(
      ["verify", "-attime", String(now.getTime() / 1000), "-CAfile", "ca.pem", "-untrusted", "device.pem", "child.pem"],
      files,
    ),
  );
});

for (const [what, bad] of [
  ["a DNS name with a blank", { dnsNames: ["not a name"] }],
  ["an address that is none", { ipAddresses: ["127.0.0.256"] }],
  ["an empty common name", { commonName: "" }],
  ["a common name beyond 64 characters", { commonName: "x".repeat(65) }],
] as const) {
  test(`${what} is a Fault`, () =>
    assert.rejects(issueCertificate({ authority, commonName: "x", usage: "both", days: 1, now, ...bad }), {
      code: "config.invalid",
    }));
}
