import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { SecureVersion, Server } from "node:tls";
import { Fault } from "#kit/fault.ts";

/** RFC 9325 (BCP 195) §4.2: forward secrecy and authenticated encryption only, for TLS 1.2; TLS 1.3's own suites beside them. */
export const CIPHERS = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_AES_128_GCM_SHA256",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

export type TlsFiles = { cert: string; key: string };

/** What a TLS listener is made with; certificate chain and key in PEM. */
export type ListenerTls = {
  cert: string;
  key: string;
  minVersion: SecureVersion;
  ciphers: string;
  honorCipherOrder: true;
};

/**
 * Reads certificate chain and key for a listener and checks that they belong together and hold now.
 * @throws Fault config.invalid that says which file and what is wrong with it
 */
export function tlsOptions(files: TlsFiles, now: Date = new Date()): ListenerTls {
  const cert = readPem(files.cert, "tlsCert");
  const key = readPem(files.key, "tlsKey");
  const certificate = parsed(() => new X509Certificate(cert), "SAFELIGHT_TLS_CERT holds no PEM certificate", "tlsCert");
  const secret: KeyObject = parsed(
    () => createPrivateKey(key),
    "SAFELIGHT_TLS_KEY holds no unencrypted PEM private key",
    "tlsKey",
  );
  if (!certificate.checkPrivateKey(secret)) {
    throw new Fault(
      "config.invalid",
      "The key of SAFELIGHT_TLS_KEY does not belong to the first certificate of SAFELIGHT_TLS_CERT.",
      { place: "tlsKey" },
    );
  }
  if (certificate.validToDate < now) {
    throw new Fault(
      "config.invalid",
      `The certificate of SAFELIGHT_TLS_CERT ended on ${certificate.validToDate.toISOString()}; renew it.`,
      { place: "tlsCert" },
    );
  }
  return { cert, key, minVersion: "TLSv1.2", ciphers: CIPHERS, honorCipherOrder: true };
}

function readPem(file: string, place: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Fault(
      "config.invalid",
      `The file of ${place} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      { place, cause: error },
    );
  }
}

function parsed<T>(parse: () => T, say: string, place: string): T {
  try {
    return parse();
  } catch {
    throw new Fault("config.invalid", `${say}.`, { place });
  }
}

/** Takes a renewed certificate into a running listener; a faulty one is told to `onFault` and the old one stays. Returns a stop. */
export function followRenewal(
  server: Server,
  files: TlsFiles,
  onFault: (fault: unknown) => void,
  everyMs = 60_000,
): () => void {
  let seen = stampOf(files);
  const timer = setInterval(() => {
    try {
      const stamp = stampOf(files);
      if (stamp === seen) return;
      server.setSecureContext(tlsOptions(files));
      seen = stamp;
    } catch (error) {
      onFault(error);
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function stampOf(files: TlsFiles): string {
  return [files.cert, files.key].map((file) => statSync(file).mtimeMs).join();
}
