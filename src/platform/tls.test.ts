import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { Fault } from "#kit/fault.ts";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { followRenewal, tlsOptions } from "./tls.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-tls-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function certificate(name: string) {
  const now = new Date();
  const authority = await createAuthority({ name: "Test CA", now });
  const issued = await issueCertificate({
    authority,
    commonName: name,
    dnsNames: ["localhost"],
    usage: "server",
    days: 30,
    now,
  });
  const files = { cert: join(folder, `${name}.cert.pem`), key: join(folder, `${name}.key.pem`) };
  writeFileSync(files.cert, issued.cert);
  writeFileSync(files.key, issued.key);
  return files;
}

const nameOf = (port: number) =>
  new Promise<string>((settle, reject) => {
    get({ port, host: "127.0.0.1", path: "/", rejectUnauthorized: false, agent: false }, (answer) => {
      const { subject } = (
        answer.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
      ).getPeerCertificate();
      answer.resume();
      settle(subject.CN);
    }).on("error", reject);
  });

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; !(await holds()); turn++) {
    assert.ok(turn < 200, what);
    await delay(25);
  }
}

test("a listener takes a renewed certificate while it runs, and keeps the old one while the new one is half there", async () => {
  const files = await certificate("first");
  const second = await certificate("second");
  const server = createServer(tlsOptions(files), (_request, answer) => answer.end("x")).listen(0, "127.0.0.1");
  await new Promise((ready) => server.once("listening", ready));
  const { port } = server.address() as AddressInfo;
  const faults: unknown[] = [];
  const stop = followRenewal(server, files, (fault) => faults.push(fault), 10);
  copyFileSync(second.cert, files.cert);
  await until(() => faults.length > 0, "a certificate without its key was taken");
  assert.equal(await nameOf(port), "first");
  copyFileSync(second.key, files.key);
  await until(async () => (await nameOf(port)) === "second", "the renewed certificate was not taken");
  stop();
  server.close();
});

test("TLS 1.1 and a suite without forward secrecy are not spoken", async () => {
  const server = createServer(tlsOptions(await certificate("old")), (_request, answer) => answer.end("x")).listen(
    0,
    "127.0.0.1",
  );
  await new Promise((ready) => server.once("listening", ready));
  const { port } = server.address() as AddressInfo;
  for (const offer of [
    { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" },
    { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" },
  ] as const) {
    const outcome = await new Promise((settle) => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...offer }, () =>
        settle("connected"),
      );
      socket.on("error", () => settle("refused"));
    });
    assert.equal(outcome, "refused", offer.maxVersion);
  }
  server.close();
});

test("certificate files that cannot work are refused with what is wrong", async () => {
  const one = await certificate("one");
  const two = await certificate("two");
  const refuses = (files: { cert: string; key: string }, words: RegExp, now?: Date) =>
    assert.throws(
      () => tlsOptions(files, now),
      (error) => error instanceof Fault && error.code === "config.invalid" && words.test(error.message),
    );
  refuses({ cert: one.cert, key: two.key }, /does not belong/);
  refuses({ cert: join(folder, "missing"), key: one.key }, /ENOENT/);
  refuses({ cert: one.key, key: one.key }, /no PEM certificate/);
  refuses({ cert: one.cert, key: one.cert }, /private key/);
  refuses(one, /ended on/, new Date(Date.now() + 4000 * 86_400_000));
  assert.equal(tlsOptions(one).minVersion, "TLSv1.2");
});
