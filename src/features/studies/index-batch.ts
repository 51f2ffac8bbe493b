import { sql } from "kysely";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { type EntryDraft, recordEntries } from "#features/audit/record.ts";
import { epochOf } from "#features/keys/epochs.ts";
import type { IndexEntry } from "#features/studies/index-rows.ts";
import { findPlace, knownInstances, type OtherPatient } from "#features/studies/place-queries.ts";
import type { Place, Places } from "#features/studies/places.ts";
import { notifyAll } from "#platform/events.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { wrapKey } from "#trust/keys/wrap.ts";

/** What became of one entry: indexed under this study, its SOP Instance UID was there before, or its study is another patient's. */
export type Indexed = { is: "stored"; study: string } | { is: "known" } | OtherPatient;

type Placed = { entry: IndexEntry; name: string; place: Place };
/** A study whose patient is kept apart from others under the same ID. */
type Apart = { study: string; patient: string; from: readonly string[] };
/** `refused`: groups whose study is another patient's, with the SOP Instance UIDs among them that are known all the same. */
type Placement = { placed: Placed[]; apart: Apart[]; refused: Map<string, { by: OtherPatient; known: Set<string> }> };

/**
 * One transaction writes index, metadata and record of a batch, as sets: the number of statements does not grow with the batch,
 * and their texts are constant, so that they are planned once per connection. One entry of the record per study. It commits
 * only after `durable`.
 */
export async function indexBatch(
  world: World,
  places: Places,
  who: Actor,
  entries: readonly IndexEntry[],
  durable: () => Promise<void>,
): Promise<Indexed[]> {
  const organisation = who.organisation;
  const { placed, refused, stored, epoch } = await world.database.transaction(
    scopeOf(who),
    async (tx) => {
      const epoch = await epochOf(tx, organisation);
      const fresh = withoutTwins(entries);
      const { placed, apart, refused } = await place(world, places, { tx, organisation, epoch }, fresh);
      const stored = await insertInstances(tx, organisation, placed);
      const kept = placed.filter(({ entry }) => stored.has(entry.instance.id));
      if (kept.length > 0) {
        await count(tx, organisation, kept);
        await tellAndRecord(world, tx, who, kept);
        await recordApart(world, tx, who, apart);
      }
      await durable();
      return { placed, refused, stored, epoch };
    },
    { attempts: 3 },
  );
  for (const { name, place } of placed) places.put(name, epoch, place);
  const studies = new Map(placed.map(({ entry, place }) => [entry.instance.id, place.study]));
  return entries.map((entry): Indexed => {
    const { id, sopInstanceUid } = entry.instance;
    const study = studies.get(id);
    if (stored.has(id) && study !== undefined) return { is: "stored", study };
    const refusal = refused.get(nameOf(organisation, entry));
    return refusal && !refusal.known.has(sopInstanceUid) ? refusal.by : { is: "known" };
  });
}

/** What shares a place: the same patient, as spelled, in the same series. In this order rows are locked. */
function nameOf(organisation: string, { patient, study, series }: IndexEntry): string {
  const { issuer, patientId, name, birthDate, sex } = patient;
  return JSON.stringify([organisation, issuer, patientId, study.studyUid, series.seriesUid, name, birthDate, sex]);
}

/** Of two arrivals with one SOP Instance UID in a batch the first counts. */
function withoutTwins(entries: readonly IndexEntry[]): IndexEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ instance }) => !seen.has(instance.sopInstanceUid) && seen.add(instance.sopInstanceUid));
}

async function place(
  world: World,
  places: Places,
  { tx, organisation, epoch }: { tx: Tx; organisation: string; epoch: bigint },
  entries: readonly IndexEntry[],
): Promise<Placement> {
  const found = new Map<string, Place>();
  const placement: Placement = { placed: [], apart: [], refused: new Map() };
  const groups = Map.groupBy(entries, (entry) => nameOf(organisation, entry));
  for (const [name, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const remembered = places.get(name, epoch);
    if (remembered) found.set(name, remembered);
    else {
      const uids = group.map(({ instance }) => instance.sopInstanceUid);
      const known = await knownInstances(tx, organisation, uids);
      const [first] = group;
      if (!first || known.size === group.length) continue; // known already under other names: no empty study is left behind
      const place = await findPlace({ tx, organisation, keyring: world.keyring }, first);
      if (place.is === "other-patient") placement.refused.set(name, { by: place, known });
      else {
        found.set(name, place.place);
        const { study, patient } = place.place;
        if (place.apartFrom.length > 0) placement.apart.push({ study, patient, from: place.apartFrom });
      }
    }
  }
  for (const entry of entries) {
    const name = nameOf(organisation, entry);
    const place = found.get(name);
    if (place) placement.placed.push({ entry, name, place });
  }
  return placement;
}

async function insertInstances(tx: Tx, organisation: string, placed: readonly Placed[]): Promise<Set<string>> {
  const column = <Value>(of: (row: Placed) => Value): Value[] => placed.map(of);
  const { rows } = await sql<{ id: string }>`
    insert into instance (organisation, id, study, series, sop_instance_uid, sop_class_uid, transfer_syntax, number, rows, columns, bits_allocated, frames, photometric,
      blob, bytes, data_set_offset, wrapped_key, header, frame_index, source)
    select ${organisation}::uuid, * from unnest(${column(({ entry }) => entry.instance.id)}::uuid[], ${column(({ place }) => place.study)}::uuid[], ${column(({ place }) => place.series)}::uuid[],
      ${column(({ entry }) => entry.instance.sopInstanceUid)}::text[], ${column(({ entry }) => entry.instance.sopClassUid)}::text[], ${column(({ entry }) => entry.instance.transferSyntax)}::text[],
      ${column(({ entry }) => entry.instance.number)}::int[], ${column(({ entry }) => entry.instance.rows)}::int[], ${column(({ entry }) => entry.instance.columns)}::int[],
      ${column(({ entry }) => entry.instance.bitsAllocated)}::int[], ${column(({ entry }) => entry.instance.frames)}::int[], ${column(({ entry }) => entry.instance.photometric)}::text[],
      ${column(({ entry }) => entry.instance.blob)}::text[], ${column(({ entry }) => entry.instance.bytes)}::bigint[], ${column(({ entry }) => entry.instance.dataSetOffset)}::int[],
      ${column(({ entry, place }) => wrapKey(place.key, entry.instance.objectKey))}::bytea[], ${column(({ entry }) => entry.instance.header)}::bytea[],
      ${column(({ entry }) => entry.instance.frameIndex)}::bytea[], ${column(({ entry }) => entry.instance.source)}::text[])
    on conflict do nothing returning id`.execute(tx);
  return new Set(rows.map((row) => row.id));
}

async function count(tx: Tx, organisation: string, kept: readonly Placed[]): Promise<void> {
  const bySeries = [...Map.groupBy(kept, ({ place }) => place.series)].sort(([a], [b]) => (a < b ? -1 : 1));
  const byStudy = [...Map.groupBy(kept, ({ place }) => place.study)].sort(([a], [b]) => (a < b ? -1 : 1));
  const modalities = byStudy.map(([, rows]) =>
    [...new Set(rows.map(({ entry }) => entry.series.modality))].filter((one) => one !== "").join("\\"),
  );
  const bytes = byStudy.map(([, rows]) => rows.reduce((sum, { entry }) => sum + entry.instance.bytes, 0));
  await sql`with counted as (
      update series set instance_count = series.instance_count + c.added
      from unnest(${bySeries.map(([id]) => id)}::uuid[], ${bySeries.map(([, rows]) => rows.length)}::int[]) as c (id, added)
      where series.organisation = ${organisation} and series.id = c.id)
    update study set instance_count = study.instance_count + c.added, bytes = study.bytes + c.more, updated_at = now(),
      modalities = array(select distinct one from unnest(study.modalities || string_to_array(nullif(c.seen, ''), '\\')) as one order by one),
      series_count = (select count(*) from series s where s.organisation = study.organisation and s.study = study.id)
    from unnest(${byStudy.map(([id]) => id)}::uuid[], ${byStudy.map(([, rows]) => rows.length)}::int[], ${bytes}::bigint[], ${modalities}::text[]) as c (id, added, more, seen)
    where study.organisation = ${organisation} and study.id = c.id`.execute(tx);
}

async function tellAndRecord(world: World, tx: Tx, who: Actor, kept: readonly Placed[]): Promise<void> {
  const studies = [...Map.groupBy(kept, ({ place }) => place.study)];
  const drafts = studies.map(
    ([study, group]): EntryDraft => ({
      organisation: who.organisation,
      action: "instance.receive",
      outcome: "done",
      because: "store",
      study,
      patient: group[0]?.place.patient,
      detail: {
        instances: group.map(({ entry }) => entry.instance.id),
        bytes: group.reduce((sum, { entry }) => sum + entry.instance.bytes, 0),
        source: group[0]?.entry.instance.source.split(":")[0] ?? "",
        ...withUnusualPreamble(group),
      },
    }),
  );
  await recordEntries({ tx, now: tx.now, keyring: world.keyring }, who, drafts);
  await notifyAll(
    tx,
    studies.map(([id]) => ({ channel: who.organisation, event: { kind: "study", owner: who.organisation, id } })),
  );
}

/** That a patient is another than somebody of the same ID is not said by the sender but decided here. */
async function recordApart(world: World, tx: Tx, who: Actor, apart: readonly Apart[]): Promise<void> {
  if (apart.length === 0) return;
  const drafts = apart.map(
    ({ study, patient, from }): EntryDraft => ({
      organisation: who.organisation,
      action: "patient.apart",
      outcome: "done",
      because: "same-id",
      study,
      patient,
      detail: { from },
    }),
  );
  await recordEntries({ tx, now: tx.now, keyring: world.keyring }, who, drafts);
}

/** Objects whose preamble may be another program's file: they are kept as sent, and found by the record. */
function withUnusualPreamble(group: readonly Placed[]): { unusualPreamble?: string[] } {
  const found = group.filter(({ entry }) => entry.unusualPreamble).map(({ entry }) => entry.instance.id);
  return found.length === 0 ? {} : { unusualPreamble: found };
}
