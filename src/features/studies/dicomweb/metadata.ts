import { acceptOf, baseOf, type Handler } from "#features/studies/dicomweb/asked.ts";
import { type DataSetText, dataSetForm, sendTexts } from "#features/studies/dicomweb/data-sets.ts";
import { admit, withParts } from "#features/studies/dicomweb/instances.ts";
import { addressed } from "#features/studies/header-text.ts";
import { attributesOf, headerOf } from "#features/studies/stored-object.ts";
import { inTurns } from "#kit/turns.ts";
import { unchanged } from "#platform/http/ranges.ts";
import { nativeXmlPieces } from "#standards/dicom/xml.ts";

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
  async function* texts(): AsyncGenerator<DataSetText> {
    for (let next = first; !next.done; next = await objects.next()) {
      const { object, parts } = next.value;
      const here = `${base}/studies/${opened.studyUid}/series/${object.row.series_uid}/instances/${object.row.sop_instance_uid}`;
      yield form === "json"
        ? addressed(headerOf(object, parts), here)
        : inTurns(nativeXmlPieces(await attributesOf(object, parts), `${here}/`));
    }
  }
  return sendTexts(request, reply, form, texts(), (bytes) => count({ instances: 1, bytes }));
};
