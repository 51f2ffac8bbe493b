import { Readable } from "node:stream";
import { acceptOf, baseOf, type Handler } from "#features/studies/dicomweb/asked.ts";
import { admit, withParts } from "#features/studies/dicomweb/instances.ts";
import { attributesOf } from "#features/studies/stored-object.ts";
import { Fault } from "#kit/fault.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { parseAccept, typeFits } from "#standards/dicomweb/media-types.ts";

/** PS3.18 §10.4.1.1.2: one JSON array of data sets without group 0002, bulk data by address. */
export const retrieveMetadata: Handler = async (needs, asked, request, reply) => {
  const fits = parseAccept(acceptOf(asked, request)).some(
    ({ type }) => typeFits(type, "application/dicom+json") || typeFits(type, "application/json"),
  );
  if (!fits) throw new Fault("answer.not-acceptable", "Metadata comes as application/dicom+json.", { place: "Accept" });
  const { opened, count } = await admit(needs, asked, "view");
  const base = baseOf(asked, request);
  const objects = withParts(needs, asked, opened);
  const first = await objects.next(); // an empty answer must still become a 404
  async function* lines(): AsyncGenerator<string> {
    let separator = "[";
    for (let next = first; !next.done; next = await objects.next()) {
      const { object, parts } = next.value;
      const json = await attributesOf(object, parts);
      const here = `${base}/studies/${opened.studyUid}/series/${object.row.series_uid}/instances/${object.row.sop_instance_uid}`;
      const text = JSON.stringify(addressed(json, here));
      count({ instances: 1, bytes: text.length });
      yield separator + text;
      separator = ",";
    }
    yield "]";
  }
  return reply.type("application/dicom+json").send(Readable.from(lines()));
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
