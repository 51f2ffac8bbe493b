import { sql } from "kysely";
import { scopeOf } from "#features/audit/actor.ts";
import type { Found } from "#features/studies/dicomweb/answers.ts";
import type { Asked, DicomwebNeeds } from "#features/studies/dicomweb/asked.ts";
import type { InstanceRecord, SealedParts } from "#features/studies/queries.ts";
import { attributesOf, storedObject } from "#features/studies/stored-object.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { hexOfTag } from "#standards/dicom/tag.ts";
import { includedIn, type QidoQuery } from "#standards/dicomweb/qido.ts";

/** Results whose sealed headers are opened for one answer. */
const MOST_OPENED = 200;

/**
 * The answers with what `includefield` asks for beyond what each has, one by one, for headers may be large: taken from the sealed header of the instance, or of the first instance of the
 * series or study. No header is opened when the answers hold all that was asked for.
 */
export async function* withIncluded(
  needs: DicomwebNeeds,
  asked: Asked,
  query: QidoQuery,
  found: readonly { row: Found; answer: JsonDataSet }[],
): AsyncGenerator<JsonDataSet, void, undefined> {
  let opened = 0;
  for (const { row, answer } of found) {
    const more = query.includeAll || query.include.some(([tag = 0]) => answer[hexOfTag(tag)] === undefined);
    if (!more || opened >= MOST_OPENED) yield answer;
    else {
      opened++;
      yield { ...includedIn(await headerOf(needs, asked, row, query), query), ...answer };
    }
  }
}

async function headerOf(
  { world, gate }: DicomwebNeeds,
  asked: Asked,
  found: Found,
  { includeAll, include }: QidoQuery,
): Promise<JsonDataSet> {
  const opened = await gate.open("view", asked.who, found.organisation, found.study_uid);
  const which =
    found.instance !== undefined
      ? sql`i.id = ${found.instance}`
      : found.series !== undefined
        ? sql`i.series = ${found.series}`
        : sql`i.study = ${found.study}`;
  const { rows } = await world.database.read(scopeOf(asked.who), (tx) =>
    sql<InstanceRecord & SealedParts>`
      select i.id, '' as series_uid, '' as modality, i.sop_instance_uid, i.sop_class_uid, i.transfer_syntax, i.number, i.rows, i.columns, i.bits_allocated, i.frames, i.photometric,
        i.blob, i.bytes, i.data_set_offset, i.wrapped_key, i.header, i.frame_index
      from instance i where i.organisation = ${found.organisation} and ${which} order by i.id limit 1`.execute(tx),
  );
  const row = rows[0];
  const tags = new Set(include.map(([tag = 0]) => hexOfTag(tag)));
  return row ? attributesOf(storedObject(row, opened.key), row, (tag) => includeAll || tags.has(tag)) : {};
}
