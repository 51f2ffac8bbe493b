import type { LinkStudy } from "#contract/sharing.ts";
import { organisationById } from "#features/people/organisation-queries.ts";
import { closed, type LinkSession } from "#features/sharing/link-actions.ts";
import type { LinkRecord } from "#features/sharing/link-queries.ts";
import { isDocument, pagesOf } from "#features/studies/link/documents.ts";
import { type Admitted, admit, type LinkNeeds, studiesOf } from "#features/studies/link/door.ts";
import { hasSignedReport, type LinkedStudy } from "#features/studies/link/queries.ts";
import { windowsOf } from "#features/studies/link/windows.ts";
import {
  type InstanceRecord,
  instancesOf,
  type SealedParts,
  type SeriesRecord,
  sealedInstancesOf,
  seriesOfStudy,
} from "#features/studies/queries.ts";
import { attributesOf, storedObject } from "#features/studies/stored-object.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { pixelsOnly } from "#standards/pixels/json.ts";

/** Who shares: what the first page and every other shows of the organisation. */
export async function senderOf(world: StudiesWorld, organisation: string): Promise<LinkStudy["organisation"]> {
  const card = await world.database.read({ organisation, person: null }, (tx) => organisationById(tx, organisation));
  if (!card) throw closed();
  const { name, colour, logo, languages } = card;
  return { name, colour, logo, languages };
}

/**
 * What a link opens, in the few words that stand over its pictures; identifiers are our own, no attribute beyond the overlay
 * leaves. `study` names one of its priors. @throws Fault link.closed
 */
export async function describeStudy(
  needs: LinkNeeds,
  session: LinkSession,
  study: string | undefined,
): Promise<LinkStudy> {
  const { link } = session;
  const all = await studiesOf(needs, session);
  const shown = shownOf(all, study);
  const admitted = await admit(needs, session, shown.studyUid, "view", "view");
  const scope = { organisation: link.organisation, person: null };
  const { series, rows, reported } = await needs.world.database.read(scope, async (tx) => ({
    series: await seriesOfStudy(tx, link.organisation, shown.id),
    rows: await instancesOf(tx, link.organisation, shown.id, {}),
    reported: await hasSignedReport(tx, link.organisation, shown.id),
  }));
  const instances = await describeInstances(needs, session, admitted, rows);
  return {
    organisation: await senderOf(needs.world, link.organisation),
    recipient: link.recipient,
    patientName: shown.patientName,
    description: shown.description,
    studyDate: shown.studyDate,
    modalities: shown.modalities,
    endsAt: link.until.toISOString(),
    rights: link.rights,
    windows: windowsOf(shown.modalities, bodyPartsOf(series)),
    series: series.map((one) => seriesOf(one, rows, instances)),
    report: reportState(link, reported),
    framesLeft: session.framesLeft,
    priors: all.filter((one) => !one.main).map(({ id, description, studyDate }) => ({ id, description, studyDate })),
  };
}

/** The study that a link is for, or the prior that is named among what it shares. @throws Fault link.closed */
export function shownOf(all: readonly LinkedStudy[], study: string | undefined): LinkedStudy {
  const shown = all.find((one) => (study === undefined ? one.main : one.id === study));
  if (!shown) throw closed();
  return shown;
}

function reportState(link: LinkRecord, signed: boolean): LinkStudy["report"] {
  if (!link.withReport) return "not-shared";
  return signed ? "available" : "none";
}

/** What its CT series show; documents beside them name no part. */
const bodyPartsOf = (series: readonly SeriesRecord[]): string[] =>
  series.filter(({ modality }) => modality === "CT").map((one) => one.body_part.trim().toUpperCase());

type Shown = LinkStudy["series"][number]["instances"][number];

function seriesOf(
  series: SeriesRecord,
  rows: readonly InstanceRecord[],
  instances: ReadonlyMap<string, Shown>,
): LinkStudy["series"][number] {
  return {
    id: series.id,
    description: series.description,
    modality: series.modality,
    instances: rows.filter((row) => row.series_uid === series.series_uid).flatMap((row) => instances.get(row.id) ?? []),
  };
}

/** Only loops and documents need more than their index row. */
async function describeInstances(
  needs: LinkNeeds,
  session: LinkSession,
  { opened }: Admitted,
  rows: readonly InstanceRecord[],
): Promise<Map<string, Shown>> {
  const described = new Map<string, Shown>();
  const scope = { organisation: session.link.organisation, person: null };
  for (const row of rows) {
    const frames = row.frames ?? 0;
    const base = { id: row.id, rows: row.rows, columns: row.columns, cine: null };
    if (frames === 1) described.set(row.id, { ...base, kind: "image", frames });
    else if (frames === 0 && !isDocument(row)) described.set(row.id, { ...base, kind: "other", frames: 0 });
    else {
      const [sealed]: (InstanceRecord & SealedParts)[] = await needs.world.database.read(scope, (tx) =>
        sealedInstancesOf(
          tx,
          session.link.organisation,
          opened.study,
          { instance: row.sop_instance_uid },
          { after: null, limit: 1 },
        ),
      );
      if (!sealed) continue;
      const object = storedObject(sealed, opened.key);
      if (frames > 1) {
        const json = await attributesOf(object, sealed, pixelsOnly());
        described.set(row.id, { ...base, kind: "image", frames, cine: cineRate(json) });
      } else {
        const pages = await pagesOf(needs, object, sealed);
        described.set(row.id, { ...base, kind: pages > 0 ? "document" : "other", frames: pages });
      }
    }
  }
  return described;
}

/** PS3.3 §C.7.6.5: frames per second, by Cine Rate, Recommended Display Frame Rate or Frame Time. */
function cineRate(json: JsonDataSet): number | null {
  const numberAt = (tag: string): number => Number(json[tag]?.Value?.[0] ?? Number.NaN);
  const time = numberAt("00181063");
  for (const rate of [numberAt("00082144"), numberAt("00180040"), time > 0 ? 1000 / time : Number.NaN]) {
    if (rate > 0 && rate <= 1000) return rate;
  }
  return null;
}
