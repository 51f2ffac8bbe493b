import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { CreateDevice } from "#contract/people.ts";
import { Id } from "#contract/words.ts";
import { action } from "#features/audit/action.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { appointingRefused, mayAdminister, REFUSED } from "#features/people/administration.ts";
import {
  certificateIsTaken,
  claimCertificate,
  type DeviceRecord,
  devicesOf,
  endPairing,
  holdsCertificate,
  insertDevice,
  revokeDevice,
} from "#features/people/devices/queries.ts";
import { pairingTitle } from "#features/people/devices/rules.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { fingerprintOf } from "#platform/dicom/tls.ts";

const Registered = CreateDevice.extend({
  certificate: z.string().max(20_000).nullable(),
  plain: z.boolean().default(false),
  /** The certificate and its key were made here just now, for this organisation. */
  issued: z.boolean().default(false),
});

const TAKEN = {
  refused: "certificate-taken",
  fault: "state.conflict",
  say: "This certificate cannot be used here; give the device a new one.",
} as const;

/**
 * Registers an AE title with the certificate it will show, or as plain loopback peer that may only store. A certificate is public:
 * one that was not issued here just now, or vouched for by the operator, waits until its device has paired.
 */
export const registerDevice = action("device.create", Registered, async ({ tx, random }, who, input) => {
  const refused = appointingRefused(who);
  if (refused !== null) return refused;
  const certificate = input.certificate === null ? null : readCertificate(input.certificate);
  if (!certificate && !input.plain)
    throw new Fault("input.invalid", "A device needs a certificate.", { place: "certificate" });
  const fingerprint = certificate && Buffer.from(fingerprintOf(certificate), "hex");
  mustFitIn(await devicesOf(tx, who.organisation), input.aeTitle, fingerprint);
  const shown =
    !fingerprint ||
    input.issued ||
    who.kind === "system" ||
    (await holdsCertificate(tx, who.organisation, fingerprint));
  const free =
    !fingerprint ||
    (shown ? await claimCertificate(tx, who.organisation, fingerprint) : !(await certificateIsTaken(tx, fingerprint)));
  if (!free) return { ...TAKEN, audit: { detail: { aeTitle: input.aeTitle } } };
  const id = uuidv7();
  const services = ["store", ...(input.plain ? ["plain"] : []), ...(input.query && certificate ? ["query"] : [])];
  await insertDevice(tx, {
    organisation: who.organisation,
    id,
    aeTitle: input.aeTitle,
    description: input.description,
    services,
    host: input.host ?? null,
    port: input.port ?? null,
    certificateSha256: fingerprint,
    certificatePem: certificate?.toString() ?? null,
    notAfter: certificate?.validToDate ?? null,
    pairing: shown ? null : pairingTitle(random),
  });
  await bumpEpochs(tx, [who.organisation]);
  return { done: { id }, audit: { subject: id, detail: { aeTitle: input.aeTitle, services } } };
});

/** @throws Fault state.conflict for an AE title that is used, or a certificate that waits already: each that waits is looked at whenever its device calls */
function mustFitIn(devices: readonly DeviceRecord[], aeTitle: string, fingerprint: Buffer | null): void {
  const running = devices.filter((device) => device.revoked_at === null);
  if (running.some((device) => device.ae_title === aeTitle))
    throw new Fault(
      "state.conflict",
      "A device with this AE title is registered; revoke it first or choose another title.",
      { place: "aeTitle" },
    );
  const waits = running.find(
    ({ pairing, certificate_sha256: other }) => pairing !== null && fingerprint !== null && other?.equals(fingerprint),
  );
  if (waits)
    throw new Fault(
      "state.conflict",
      `A device with this certificate waits as ${waits.ae_title}; let it call its one-time title first.`,
      { place: "certificate" },
    );
}

/** The device has called its one-time title with its certificate: whoever registered it has it in hand, and the certificate is theirs. */
export const pairDevice = action(
  "device.pair",
  z.object({ id: Id, fingerprint: z.string().regex(/^[0-9a-f]{64}$/) }),
  async ({ tx }, who, { id, fingerprint }) => {
    if (!(await claimCertificate(tx, who.organisation, Buffer.from(fingerprint, "hex"))))
      return { ...TAKEN, audit: { subject: id } };
    await endPairing(tx, who.organisation, id);
    await bumpEpochs(tx, [who.organisation]);
    return { done: {}, audit: { subject: id } };
  },
);

export const endDevice = action("device.revoke", z.object({ id: Id }), async ({ tx }, who, { id }) => {
  if (!mayAdminister(who)) return REFUSED;
  if (!(await revokeDevice(tx, who.organisation, id)))
    throw new Fault("input.invalid", "There is no such device.", { place: "id" });
  await bumpEpochs(tx, [who.organisation]);
  return { done: {}, audit: { subject: id } };
});

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Fault("input.invalid", "This is no certificate in PEM form.", { place: "certificate", cause });
  }
}
