import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { type Arriving, type Sealed, sealArrival } from "#features/studies/arrival.ts";
import { instanceByUid, quarantine } from "#features/studies/queries.ts";
import { sameContent } from "#features/studies/same-content.ts";
import { storedObject } from "#features/studies/stored-object.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { type SecretKey, wrapKey } from "#trust/keys/wrap.ts";

export type Received = {
  is: "stored" | "already-here";
  study: string;
  studyUid: string;
  seriesUid: string;
  sopClassUid: string;
  sopInstanceUid: string;
};

/**
 * Takes one instance in: sealed and durable in the blob store, then index, metadata and record in one transaction. The caller
 * may answer success only after this resolves. The same instance again is a success when its content is the same; anything
 * else under a known UID is kept apart and refused, and the first object stays as it was; so is what says it belongs to the study
 * of another patient.
 * @throws Fault dicom.*, instance.conflict, patient.conflict, storage.*, database.unavailable
 */
export async function receiveInstance(world: StudiesWorld, who: Actor, arriving: Arriving): Promise<Received> {
  const sealed = await sealArrival(world.blobs, arriving);
  const { described } = sealed;
  const answer = {
    studyUid: described.study.studyUid,
    seriesUid: described.series.seriesUid,
    sopClassUid: described.sopClassUid,
    sopInstanceUid: described.sopInstanceUid,
  };
  let kept = false;
  try {
    const indexed = await world.indexer.add(who, sealed);
    kept = indexed.is === "stored";
    if (indexed.is === "stored") return { is: "stored", study: indexed.study, ...answer };
    if (indexed.is === "other-patient")
      return await refuseOther(world, who, sealed, { ...indexed, source: arriving.source }, () => (kept = true));
    return {
      is: "already-here",
      study: await judgeAgain(world, who, sealed, arriving.source, () => (kept = true)),
      ...answer,
    };
  } catch (thrown) {
    // A commit whose answer was lost may have happened: only what is surely not in the index is removed.
    if (thrown instanceof Fault && thrown.code === "database.unavailable") kept = true;
    throw thrown;
  } finally {
    await sealed.durable.catch(() => undefined);
    if (!kept) await world.blobs.remove(sealed.blob).catch(() => undefined); // the start-up sweep takes what this leaves
  }
}

/** Decision 16. Answers the study's id for the same content; otherwise quarantines and throws instance.conflict. */
async function judgeAgain(
  world: StudiesWorld,
  who: Actor,
  again: Sealed,
  source: string,
  keep: () => void,
): Promise<string> {
  await again.durable;
  const uid = again.described.sopInstanceUid;
  const first = await world.database.read(scopeOf(who), async (tx) => {
    const row = await instanceByUid(tx, who.organisation, uid);
    return row && { row, group: await world.keyring.groupKey(tx, who.organisation, row.key_group) };
  });
  if (!first) throw new Fault("storage.unavailable", "The instance was just removed; send it again.");
  const { study } = first.row;
  if (await sameContent(world, storedObject(first.row, first.group), first.row, again)) return study;
  await keepApart(world, who, again, {
    ...{ study, patient: undefined, reason: "other-content", source },
    group: () => Promise.resolve({ id: first.row.key_group, key: first.group }),
  });
  keep();
  throw new Fault(
    "instance.conflict",
    "(0008,0018) SOPInstanceUID is known here with other content; the first object stays, this one is quarantined.",
    { place: "(0008,0018) SOPInstanceUID" },
  );
}

/** Quarantines an object whose patient contradicts the patient of its study, under a key group of its own: erasing either leaves the other. */
async function refuseOther(
  world: StudiesWorld,
  who: Actor,
  sealed: Sealed,
  { study, patient, source }: { study: string; patient: string; source: string },
  keep: () => void,
): Promise<never> {
  await sealed.durable;
  await keepApart(world, who, sealed, {
    ...{ study, patient, reason: "other-patient", source },
    group: (tx) => world.keyring.newGroup(tx, who.organisation),
  });
  keep();
  throw new Fault(
    "patient.conflict",
    "(0010,0010) is another patient than the study's; quarantined. Name, ID, birth date or sex contradict: correct them at the source.",
    { place: "(0010,0010) PatientName, (0010,0020) PatientID, (0010,0030) PatientBirthDate, (0010,0040) PatientSex" },
  );
}

type KeptApart = {
  study: string;
  patient: string | undefined;
  reason: string;
  source: string;
  group: (tx: Tx) => Promise<{ id: string; key: SecretKey }>;
};

async function keepApart(world: StudiesWorld, who: Actor, sealed: Sealed, kept: KeptApart): Promise<void> {
  const { organisation } = who;
  const { study, patient, reason, source } = kept;
  await world.database.transaction(scopeOf(who), async (tx) => {
    const group = await kept.group(tx);
    await quarantine(tx, {
      organisation,
      id: sealed.instanceId, // the seal is bound to it
      sopInstanceUid: sealed.described.sopInstanceUid,
      blob: sealed.blob,
      wrappedKey: wrapKey(group.key, sealed.objectKey),
      keyGroup: group.id,
      reason,
      source,
    });
    await recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
      organisation,
      action: "instance.receive",
      outcome: "refused",
      because: reason,
      study,
      patient,
      subject: sealed.instanceId,
    });
  });
}
