import { acceptOf, baseOf, type Handler } from "#features/studies/dicomweb/asked.ts";
import { dataSetForm, sendDataSets } from "#features/studies/dicomweb/data-sets.ts";
import { admit, withParts } from "#features/studies/dicomweb/instances.ts";
import { attributesOf } from "#features/studies/stored-object.ts";
import { unchanged } from "#platform/http/ranges.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";

/** PS3.18 §10.4.1.1.2: data sets without group 0002, bulk data by address. An instance's never change: they have a validator. */
export const retrieveMetadata: Handler = async (needs, asked, request, reply) => {
  const form = dataSetForm(acceptOf(asked, request));
  const { opened, count } = await admit(needs, asked, "view");
  const base = baseOf(asked, request);
  const objects = withParts(needs, asked, opened);
  const first = await objects.next(); // an empty answer must still become a 404
  if (asked.instance !== undefined && !first.done) {
    if (unchanged(request, reply, `${first.value.object.row.id}.${form}`)) return reply;
  }
  async function* dataSets(): AsyncGenerator<JsonDataSet> {
    for (let next = first; !next.done; next = await objects.next()) {
      const { object, parts } = next.value;
      const here = `${base}/studies/${opened.studyUid}/series/${object.row.series_uid}/instances/${object.row.sop_instance_uid}`;
      yield addressed(await attributesOf(object, parts), here);
    }
  }
  return sendDataSets(request, reply, form, dataSets(), (bytes) => count({ instances: 1, bytes }));
};

/** Makes the relative bulk data addresses of a stored header absolute; iterative, sequences may be deep. */
export function addressed(json: JsonDataSet, here: string): JsonDataSet {
  const waiting: JsonDataSet[] = [json];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const element of Object.values(next)) {
      if (element.BulkDataURI !== undefined) element.BulkDataURI = `${here}/${element.BulkDataURI}`;
      if (element.vr === "SQ") waiting.push(...((element.Value ?? []) as JsonDataSet[]));
    }
  }
  return json;
}
