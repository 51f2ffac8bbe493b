import { Fault } from "#kit/fault.ts";
import type { DataSet } from "#standards/dicom/data-set.ts";
import { flatJson, type JsonDataSet, type JsonElement, type JsonOptions, MAX_DEPTH } from "#standards/dicom/json.ts";
import { hexOfTag, isGroupLength, type Tag } from "#standards/dicom/tag.ts";

/** Elements that one step reads or writes, and characters after which a piece is handed over: some milliseconds of work. */
export const STEP_ELEMENTS = 2_000;
export const STEP_CHARACTERS = 256 * 1024;

/**
 * The text of `jsonText(toJson(dataSet, options))`, made in pieces of at most `STEP_ELEMENTS` elements, so that whoever takes
 * them may do something else in between. Throws as `toJson` does.
 */
export function* jsonPieces(dataSet: DataSet, options: JsonOptions = {}): Generator<string, void, undefined> {
  const out = { text: "", elements: 0 };
  yield* written(out, dataSet, "", options, 0);
  yield out.text;
}

/** A piece that is being made. */
export type Out = { text: string; elements: number };

function* written(
  out: Out,
  dataSet: DataSet,
  path: string,
  options: JsonOptions,
  depth: number,
): Generator<string, void, undefined> {
  if (depth > MAX_DEPTH) throw new Fault("dicom.too-deep", `sequences are nested deeper than ${MAX_DEPTH}`);
  let separator = "{";
  for (const tag of ascending(dataSet)) {
    const element = dataSet.get(tag);
    if (element === undefined || isGroupLength(tag) || (depth === 0 && tag >>> 16 === 2)) continue;
    const hex = hexOfTag(tag);
    out.text += `${separator}"${hex}":`;
    separator = ",";
    if (element.is !== "sequence") out.text += JSON.stringify(flatJson(element, dataSet, path + hex, options));
    else {
      let between = '{"vr":"SQ","Value":[';
      for (const [at, item] of element.items.entries()) {
        out.text += between;
        between = ",";
        yield* written(out, item, `${path}${hex}/${at}/`, options, depth + 1);
      }
      out.text += element.items.length === 0 ? '{"vr":"SQ"}' : "]}";
    }
    yield* full(out);
  }
  out.text += separator === "{" ? "{}" : "}";
}

/** The text of `jsonText(json)`, in such pieces. */
export function* jsonTextPieces(json: JsonDataSet): Generator<string, void, undefined> {
  const out = { text: "", elements: 0 };
  yield* spelled(out, json);
  yield out.text;
}

function* spelled(out: Out, json: JsonDataSet): Generator<string, void, undefined> {
  let separator = "{";
  for (const tag of Object.keys(json).sort()) {
    const element = json[tag];
    out.text += `${separator}"${tag}":`;
    separator = ",";
    if (element?.vr !== "SQ" || element.Value === undefined) out.text += JSON.stringify(element ?? null);
    else {
      let between = '{"vr":"SQ","Value":[';
      for (const item of element.Value) {
        out.text += between;
        between = ",";
        yield* spelled(out, item as JsonDataSet);
      }
      out.text += element.Value.length === 0 ? `${between}]}` : "]}";
    }
    yield* full(out);
  }
  out.text += separator === "{" ? "{}" : "}";
}

/** Hands over what is there once a step's worth is. */
export function* full(out: Out): Generator<string, void, undefined> {
  out.elements += 1;
  if (out.elements < STEP_ELEMENTS && out.text.length < STEP_CHARACTERS) return;
  const { text } = out;
  [out.text, out.elements] = ["", 0];
  yield text;
}

function ascending(dataSet: DataSet): ArrayLike<Tag> & Iterable<Tag> {
  let last = -1;
  for (const tag of dataSet.elements.keys()) {
    if (tag < last) return Uint32Array.from(dataSet.elements.keys()).sort();
    last = tag;
  }
  return [...dataSet.elements.keys()];
}

/** What of a data set is wanted: an attribute of its first level, and of its sequences' items those of some numbers (from 0). */
export type Wanted = (tag: string, item?: number) => boolean;

const ALL: Wanted = () => true;
const NONE: Wanted = () => false;
const ITEMS = '{"vr":"SQ","Value":[';

/**
 * Reads the text that `jsonPieces` writes, in steps of at most `STEP_ELEMENTS` elements between which whoever runs it may do
 * something else. Attributes that are not wanted are passed over; items that are not are there, but empty.
 */
export function* jsonSteps(text: string, wanted: Wanted = ALL): Generator<void, JsonDataSet, undefined> {
  return yield* read({ text, at: 0, step: { at: 0, elements: 0 } }, wanted);
}

type From = { readonly text: string; at: number; readonly step: { at: number; elements: number } };

function* read(from: From, wanted: Wanted): Generator<void, JsonDataSet, undefined> {
  const json: JsonDataSet = {};
  const { text } = from;
  if (text.startsWith("{}", from.at)) {
    from.at += 2;
    return json;
  }
  do {
    const tag = text.slice(from.at + 2, from.at + 10); // behind {" or ,"
    from.at += 12; // and ":
    const kept = wanted(tag);
    if (text.startsWith(ITEMS, from.at)) {
      const items: JsonDataSet[] = [];
      from.at += ITEMS.length - 1;
      do {
        from.at += 1; // behind [ or ,
        items.push(yield* read(from, kept && wanted(tag, items.length) ? ALL : NONE));
      } while (text[from.at] === ",");
      from.at += 2; // ]}
      if (kept) json[tag] = { vr: "SQ", Value: items };
    } else {
      const end = endOf(text, from.at);
      if (kept) json[tag] = JSON.parse(text.slice(from.at, end)) as JsonElement;
      from.at = end;
    }
    const { step } = from;
    step.elements += 1;
    if (step.elements < STEP_ELEMENTS && from.at - step.at < STEP_CHARACTERS) continue;
    [step.at, step.elements] = [from.at, 0];
    yield;
  } while (text[from.at] === ",");
  from.at += 1; // }
  return json;
}

/** Behind the object that begins at `start`. */
function endOf(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfText(text, at);
    else if (character === "{") depth += 1;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  throw new Fault("internal", "a stored header ends in the middle of an attribute");
}

/** The closing quotation mark of the text that opens at `start`. */
function endOfText(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  throw new Fault("internal", "a stored header ends in the middle of a text");
}
