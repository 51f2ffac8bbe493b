/** Decision 14: a device is an AE title and a certificate; decision 0023: how a certificate is shown to be the device's. Pure. */

export type DeviceFacts = {
  id: string;
  organisation: string;
  aeTitle: string;
  revokedAt: Date | null;
  notAfter: Date | null;
  services: readonly string[];
  /** The title it has to call once, for whoever registered it to be shown to have it in hand; null when that was shown. */
  pairing: string | null;
};
export type Knock = { callingAe: string; calledAe: string; certificate: { validFrom: Date; validTo: Date } | null };

/** Why somebody is no device of ours. */
export const DEVICE_REFUSALS = [
  "unknown-device",
  "certificate-not-valid",
  "several-organisations",
  "not-paired",
  "certificate-taken",
] as const;

export type DeviceVerdict = { device: DeviceFacts; pairs: boolean } | { refused: (typeof DEVICE_REFUSALS)[number] };

/** Which of the devices that hold this certificate is calling, and whether it pairs by that. One that waits is nobody until it calls its own one-time title. */
export function whoIsCalling(knock: Knock, candidates: readonly DeviceFacts[], now: Date): DeviceVerdict {
  if (knock.certificate && (now < knock.certificate.validFrom || knock.certificate.validTo < now))
    return { refused: "certificate-not-valid" };
  const fitting = candidates.filter((device) => device.revokedAt === null && device.aeTitle === knock.callingAe.trim());
  const called = knock.calledAe.trim().toUpperCase();
  const pairing = fitting.find((device) => device.pairing === called);
  if (pairing) return { device: pairing, pairs: true };
  const [only, ...more] = fitting.filter((device) => device.pairing === null);
  if (!only) return { refused: fitting.length > 0 ? "not-paired" : "unknown-device" };
  if (more.length === 0) return { device: only, pairs: false };
  const [chosen, ...others] = [only, ...more].filter((device) => device.services.includes(`called:${called}`));
  return chosen && others.length === 0 ? { device: chosen, pairs: false } : { refused: "several-organisations" };
}

/** RFC 4648 §6: letters and digits that nobody confuses. */
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A one-time called AE title, of 15 characters and 50 bits. */
export function pairingTitle(random: (bytes: number) => Uint8Array): string {
  return `PAIR-${Array.from(random(10), (byte) => BASE32[byte % 32]).join("")}`;
}
