import type { World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { deviceById, deviceSeen, devicesWithCertificate, plainDevices } from "#features/people/devices/queries.ts";
import { type DeviceFacts, whoIsCalling } from "#features/people/devices/rules.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Decision, Peer } from "#platform/dicom/acceptor.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { REJECTIONS } from "#standards/dimse/negotiate.ts";

export type Stranger = { callingAe: string; address: string; fingerprint: string | null; because: string };

/** Who may associate: certificate and AE title of a registered device. A stranger gets A-ASSOCIATE-RJ 1/1/3 and a counted record. */
export function deviceDoor(
  world: World,
  onStranger: (stranger: Stranger) => Promise<void>,
): (peer: Peer) => Promise<Decision<Actor>> {
  return async (peer) => {
    const candidates = await candidatesFor(world, peer);
    const verdict = whoIsCalling(peer, candidates, new Date());
    if ("refused" in verdict) {
      await onStranger({
        callingAe: peer.callingAe,
        address: peer.address,
        fingerprint: peer.certificate?.fingerprint ?? null,
        because: verdict.refused,
      });
      return { reject: REJECTIONS["calling-ae"], because: verdict.refused };
    }
    const { device } = verdict;
    await world.database.transaction({ organisation: device.organisation, person: null }, (tx) =>
      deviceSeen(tx, device.organisation, device.id),
    );
    return {
      accept: true,
      device: device.id,
      context: {
        kind: "device",
        id: device.id,
        organisation: device.organisation,
        services: device.services,
        purpose: "care",
        session: uuidv7(),
      },
    };
  };
}

async function candidatesFor(world: World, peer: Peer): Promise<DeviceFacts[]> {
  const { certificate } = peer;
  const found = await world.database.read(NO_SCOPE, (tx) =>
    certificate
      ? devicesWithCertificate(tx, Buffer.from(certificate.fingerprint, "hex"))
      : plainDevices(tx, peer.callingAe.trim()),
  );
  const facts: DeviceFacts[] = [];
  for (const { organisation, id } of found) {
    const row = await world.database.read({ organisation, person: null }, (tx) => deviceById(tx, organisation, id));
    if (row)
      facts.push({
        id,
        organisation,
        aeTitle: row.ae_title,
        revokedAt: row.revoked_at,
        notAfter: row.not_after,
        services: row.services,
      });
  }
  return facts;
}
