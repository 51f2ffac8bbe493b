import type { World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Epochs } from "#features/keys/epochs.ts";
import { pairDevice } from "#features/people/devices/actions.ts";
import { deviceById, deviceSeen, devicesWithCertificate, plainDevices } from "#features/people/devices/queries.ts";
import { type DeviceFacts, type DeviceVerdict, whoIsCalling } from "#features/people/devices/rules.ts";
import { Fault } from "#kit/fault.ts";
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
    const verdict = await paired(world, peer, whoIsCalling(peer, candidates, new Date()));
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
    return { accept: true, device: device.id, context: actorFor(device) };
  };
}

function actorFor({ id, organisation, services }: DeviceFacts): Actor {
  return { kind: "device", id, organisation, services, purpose: "care", session: uuidv7() };
}

/** A device that calls its one-time title is paired before it is let in; where its certificate is another organisation's, it is a stranger. */
async function paired(world: World, { certificate }: Peer, verdict: DeviceVerdict): Promise<DeviceVerdict> {
  if ("refused" in verdict || !verdict.pairs) return verdict;
  const { device } = verdict;
  try {
    await pairDevice(world, actorFor(device), { id: device.id, fingerprint: certificate?.fingerprint ?? "" });
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === "state.conflict") return { refused: "certificate-taken" };
    throw thrown;
  }
  return { device, pairs: false };
}

/**
 * Judges a device again at each object of an association that is open: one that was revoked, lost its service or whose
 * certificate ran out stores nothing more. The facts are read anew when the policy epoch of its organisation has moved.
 * The result throws Fault role.denied.
 */
export function deviceJudge(world: World, epochs: Pick<Epochs, "stamp">): (who: Actor, peer: Peer) => Promise<void> {
  const known = new WeakMap<Actor, { stamp: string; facts: DeviceFacts | null }>();
  return async (who, peer) => {
    const stamp = await epochs.stamp([who.organisation]);
    const remembered = known.get(who);
    const facts = remembered?.stamp === stamp ? remembered.facts : await factsOf(world, who.organisation, who.id ?? "");
    known.set(who, { stamp, facts });
    const verdict = whoIsCalling(peer, facts === null ? [] : [facts], new Date());
    if ("refused" in verdict) throw new Fault("role.denied", "This device may not store here any more.");
  };
}

async function factsOf(world: World, organisation: string, id: string): Promise<DeviceFacts | null> {
  const row = await world.database.read({ organisation, person: null }, (tx) => deviceById(tx, organisation, id));
  if (row === null) return null;
  const { ae_title: aeTitle, revoked_at: revokedAt, not_after: notAfter, services, pairing } = row;
  return { id, organisation, aeTitle, revokedAt, notAfter, services, pairing };
}

async function candidatesFor(world: World, peer: Peer): Promise<DeviceFacts[]> {
  const { certificate } = peer;
  const found = await world.database.read(NO_SCOPE, (tx) =>
    certificate
      ? devicesWithCertificate(tx, Buffer.from(certificate.fingerprint, "hex"))
      : plainDevices(tx, peer.callingAe.trim()),
  );
  const facts = await Promise.all(found.map(({ organisation, id }) => factsOf(world, organisation, id)));
  return facts.filter((device) => device !== null);
}
