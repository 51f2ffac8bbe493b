import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readConfig } from "#platform/config.ts";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { openCertificates } from "./certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-certificates-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const DAY_MS = 86_400_000;
const configOf = (name: string, env: Record<string, string> = {}) =>
  readConfig({ env: { SAFELIGHT_DATA_DIR: join(folder, name), ...env }, cwd: folder });

test("programs that start together end up with one authority", async () => {
  const config = configOf("together");
  const opened = await Promise.all([1, 2, 3].map(() => openCertificates(config)));
  assert.equal(new Set(opened.map(({ authority }) => authority)).size, 1);
});

test("the server's own certificate is issued by the authority, for its names, and stays until a month before its end", async () => {
  const config = configOf("own", { SAFELIGHT_PUBLIC_URL: "https://images.example.org" });
  const first = await openCertificates(config);
  const certificate = new X509Certificate(first.server.cert);
  assert.ok(certificate.checkIssued(new X509Certificate(first.authority)));
  assert.ok(
    certificate.checkHost("images.example.org") &&
      certificate.checkHost("localhost") &&
      certificate.checkIP("127.0.0.1"),
  );
  assert.equal((await openCertificates(config)).server.cert, first.server.cert);
  const later = new Date(certificate.validToDate.getTime() - 20 * DAY_MS);
  const renewed = await openCertificates(config, later);
  assert.notEqual(renewed.server.cert, first.server.cert);
  assert.equal(renewed.authority, first.authority);
});

test("a new public name gets a new certificate", async () => {
  const before = await openCertificates(configOf("renamed"));
  const after = await openCertificates(configOf("renamed", { SAFELIGHT_PUBLIC_URL: "https://other.example.org" }));
  assert.notEqual(before.server.cert, after.server.cert);
});

test("a device's certificate names it, may be client and server, and is signed by the authority", async () => {
  const certificates = await openCertificates(configOf("device"));
  const { cert, key } = await certificates.issueForDevice({ aeTitle: "CT1", organisation: "Clinic" });
  const certificate = new X509Certificate(cert);
  assert.match(certificate.subject, /O=Clinic\nCN=CT1/);
  assert.ok(certificate.checkIssued(new X509Certificate(certificates.authority)));
  assert.match(key, /BEGIN PRIVATE KEY/);
});

test("SAFELIGHT_TLS_CERT and _KEY take the place of the server's own certificate; a pair that does not fit is refused", async () => {
  const authority = await createAuthority({ name: "Elsewhere", now: new Date() });
  const pair = await issueCertificate({
    authority,
    commonName: "images.example.org",
    usage: "server",
    days: 30,
    now: new Date(),
  });
  const [cert, key, wrong] = ["tls.pem", "tls.key", "wrong.key"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(cert, pair.cert);
  writeFileSync(key, pair.key);
  writeFileSync(wrong, authority.key);
  const given = await openCertificates(configOf("given", { SAFELIGHT_TLS_CERT: cert, SAFELIGHT_TLS_KEY: key }));
  assert.deepEqual([given.server.cert, given.server.own], [pair.cert, false]);
  await assert.rejects(
    openCertificates(configOf("given", { SAFELIGHT_TLS_CERT: cert, SAFELIGHT_TLS_KEY: wrong })),
    /does not belong/,
  );
});
