import { constants, createHash, X509Certificate } from "node:crypto";
import type { SecureContextOptions, TLSSocket } from "node:tls";

/**
 * PS3.15 annex B.12 (BCP 195: RFC 8996, RFC 9325): TLS 1.2 and 1.3, forward secrecy, authenticated encryption. No tickets, so
 * that every connection shows its certificate again.
 */
export const BCP_195 = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  ciphers: [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
  ].join(":"),
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const satisfies SecureContextOptions;

/** The certificate that a TLS peer proved to hold. Whether it is known, revoked or fits the AE title is for the receiver of this to say. */
export type PeerCertificate = {
  /** SHA-256 of the DER encoding, 64 lower-case hexadecimal digits. */
  fingerprint: string;
  validFrom: Date;
  validTo: Date;
  /** `x509.raw` is the DER encoding, `x509.toString()` the PEM one. */
  x509: X509Certificate;
};

/** The peer's certificate, or null when it showed none. */
export function peerCertificate(socket: TLSSocket): PeerCertificate | null {
  const x509 = socket.getPeerX509Certificate();
  if (x509 === undefined) return null;
  return { fingerprint: fingerprintOf(x509), validFrom: x509.validFromDate, validTo: x509.validToDate, x509 };
}

/** SHA-256 of a certificate's DER encoding, 64 lower-case hexadecimal digits; of one given as PEM, DER or object. */
export function fingerprintOf(certificate: X509Certificate | string | Uint8Array): string {
  const x509 = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  return createHash("sha256").update(x509.raw).digest("hex");
}
