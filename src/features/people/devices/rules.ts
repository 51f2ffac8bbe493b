/** Decision 14: a device is an AE title and a certificate. Pure. */

export type DeviceFacts = {
  id: string;
  organisation: string;
  aeTitle: string;
  revokedAt: Date | null;
  notAfter: Date | null;
  services: readonly string[];
};
export type Knock = { callingAe: string; calledAe: string; certificate: { validFrom: Date; validTo: Date } | null };

/** Why somebody is no device of ours. */
export const DEVICE_REFUSALS = ["unknown-device", "certificate-not-valid", "several-organisations"] as const;

export type DeviceVerdict = { device: DeviceFacts } | { refused: (typeof DEVICE_REFUSALS)[number] };

/** Which of the devices that hold this certificate is calling; `organisationNamed` says whether a called AE title names an organisation where one device serves several. */
export function whoIsCalling(knock: Knock, candidates: readonly DeviceFacts[], now: Date): DeviceVerdict {
  if (knock.certificate && (now < knock.certificate.validFrom || knock.certificate.validTo < now))
    return { refused: "certificate-not-valid" };
  const fitting = candidates.filter((device) => device.revokedAt === null && device.aeTitle === knock.callingAe.trim());
  const [only, ...more] = fitting;
  if (!only) return { refused: "unknown-device" };
  if (more.length === 0) return { device: only };
  const called = knock.calledAe.trim().toUpperCase();
  const chosen = fitting.filter((device) => device.services.includes(`called:${called}`));
  return chosen.length === 1 && chosen[0] ? { device: chosen[0] } : { refused: "several-organisations" };
}
