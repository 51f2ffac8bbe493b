import type { FastifyReply, FastifyRequest } from "fastify";
import { Fault } from "#kit/fault.ts";
import { inTurns } from "#kit/turns.ts";
import { compressed } from "#platform/http/encoding.ts";
import { type JsonDataSet, jsonText } from "#standards/dicom/json.ts";
import { jsonTextPieces } from "#standards/dicom/json-pieces.ts";
import { nativeXml, nativeXmlPieces } from "#standards/dicom/xml.ts";
import { parseAccept, parseMediaType, typeFits } from "#standards/dicomweb/media-types.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";

/** How data sets travel without their bulk data: one JSON array, or an XML document each. PS3.18 §8.7.3.2. */
export type DataSetForm = "json" | "xml";

const JSON_TYPES = ["application/dicom+json", "application/json"];
const XML_TYPES = ["application/dicom+xml", "application/xml", "text/xml"];

/** The first form that a client takes. @throws Fault answer.not-acceptable */
export function dataSetForm(accept: string | undefined): DataSetForm {
  for (const { type, parameters } of parseAccept(accept)) {
    const inner =
      type === "multipart/related" ? parseMediaType(parameters.get("type") ?? XML_TYPES[0] ?? "")?.type : type;
    if (inner === undefined) continue;
    if (type !== "multipart/related" && JSON_TYPES.some((json) => typeFits(inner, json))) return "json";
    if (XML_TYPES.includes(inner)) return "xml";
  }
  throw new Fault(
    "answer.not-acceptable",
    'Attributes come as application/dicom+json, or as multipart/related; type="application/dicom+xml".',
    { place: "Accept" },
  );
}

/** The text of one data set, in pieces. */
export type DataSetText = AsyncIterable<string>;

/** Sends data sets, one after the other, compressed where the client takes that. */
export function sendDataSets(
  request: FastifyRequest,
  reply: FastifyReply,
  form: DataSetForm,
  dataSets: AsyncIterable<JsonDataSet>,
): FastifyReply {
  const textOf = form === "json" ? jsonTextPieces : nativeXmlPieces;
  async function* texts(): AsyncGenerator<DataSetText> {
    for await (const json of dataSets) yield inTurns(textOf(json));
  }
  return sendTexts(request, reply, form, texts());
}

/** The same where their texts are at hand as `form` wants them; `count` hears of each one's characters. */
export function sendTexts(
  request: FastifyRequest,
  reply: FastifyReply,
  form: DataSetForm,
  texts: AsyncIterable<DataSetText>,
  count: (characters: number) => void = () => undefined,
): FastifyReply {
  const boundary = newBoundary();
  return reply
    .type(
      form === "json"
        ? "application/dicom+json"
        : `multipart/related; type="application/dicom+xml"; boundary="${boundary}"`,
    )
    .send(compressed(request, reply, form === "json" ? jsonArray(texts, count) : xmlParts(texts, count, boundary)));
}

/** Sends one data set alone, as the answer to what was stored. PS3.18 §10.5.3.3. */
export function sendDataSet(reply: FastifyReply, form: DataSetForm, json: JsonDataSet): FastifyReply {
  return form === "json"
    ? reply.type("application/dicom+json").send(Buffer.from(jsonText(json)))
    : reply.type("application/dicom+xml").send(Buffer.from(nativeXml(json)));
}

async function* jsonArray(
  texts: AsyncIterable<DataSetText>,
  count: (characters: number) => void,
): AsyncGenerator<string> {
  let separator = "[";
  for await (const text of texts) {
    yield* headed(separator, text, count);
    separator = ",";
  }
  yield separator === "[" ? "[]" : "]";
}

async function* xmlParts(
  texts: AsyncIterable<DataSetText>,
  count: (characters: number) => void,
  boundary: string,
): AsyncGenerator<string> {
  let first = true;
  for await (const text of texts) {
    const head = partHead(boundary, { "Content-Type": "application/dicom+xml; charset=utf-8" }, first);
    yield* headed(head.toString("latin1"), text, count);
    first = false;
  }
  yield closing(boundary, first).toString("latin1");
}

/** A text behind what stands before it, in as few pieces as it comes. */
async function* headed(head: string, text: DataSetText, count: (characters: number) => void): AsyncGenerator<string> {
  let characters = 0;
  let before = head;
  for await (const piece of text) {
    characters += piece.length;
    yield before + piece;
    before = "";
  }
  count(characters);
}
