import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dataSetOf } from "#standards/dicom/build.ts";
import { type JsonDataSet, jsonText, toJson } from "#standards/dicom/json.ts";
import { jsonPieces, jsonSteps, jsonTextPieces, STEP_CHARACTERS, STEP_ELEMENTS } from "#standards/dicom/json-pieces.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { nativeXml, nativeXmlPieces } from "#standards/dicom/xml.ts";
import { filesBelow, nameOf } from "../../../test/support/data.ts";

const OPTIONS = { bulkDataUri: (path: string) => `bulkdata/${path}` };

/** A multi-frame image of `frames` frames with five attributes each. */
const framed = (frames: number) =>
  dataSetOf({
    PatientName: 'Quote"^Back\\slash}{][,',
    PerFrameFunctionalGroupsSequence: Array.from({ length: frames }, (_, frame) => ({
      FrameContentSequence: [{ StackID: "1", InStackPositionNumber: frame + 1, DimensionIndexValues: [1, frame + 1] }],
    })),
    "PixelData:OW": new Uint8Array(2000),
  });

function stepsOf<T>(steps: Generator<unknown, T, undefined>): { turns: number; result: T } {
  for (let turns = 0; ; turns++) {
    const { done, value } = steps.next();
    if (done) return { turns, result: value };
  }
}

const elementsIn = (text: string): number => text.split('"vr":').length - 1;

test("PS3.18 §F.2: the pieces of a data set's JSON are the text of its JSON, and read back to it, for every real file", () => {
  let files = 0;
  for (const path of [...filesBelow("dicom"), ...filesBelow("charset")]) {
    let dataSet: ReturnType<typeof readPart10>["dataSet"];
    try {
      dataSet = readPart10(readFileSync(path)).dataSet;
    } catch {
      continue; // refused there, tested elsewhere
    }
    const json = toJson(dataSet, OPTIONS);
    const text = [...jsonPieces(dataSet, OPTIONS)].join("");
    assert.ok(text === jsonText(json), nameOf(path));
    assert.ok([...jsonTextPieces(json)].join("") === text, nameOf(path));
    assert.deepEqual(stepsOf(jsonSteps(text)).result, JSON.parse(text), nameOf(path));
    files += 1;
  }
  assert.ok(files > 450, String(files));
});

test("no piece or step of very many elements does more than its share", () => {
  const dataSet = framed(4000); // 5 elements each: 20,003 in all
  const pieces = [...jsonPieces(dataSet, OPTIONS)];
  const json = JSON.parse(pieces.join("")) as JsonDataSet;
  assert.deepEqual(json, toJson(dataSet, OPTIONS));
  for (const all of [pieces, [...jsonTextPieces(json)], [...nativeXmlPieces(json)]]) {
    assert.ok(all.length >= 8, String(all.length));
    for (const piece of all) {
      assert.ok(elementsIn(piece) <= 2 * STEP_ELEMENTS && piece.length < 2 * STEP_CHARACTERS);
      assert.ok(piece.split("<DicomAttribute ").length - 1 <= 2 * STEP_ELEMENTS);
    }
  }
  assert.ok(stepsOf(jsonSteps(pieces.join(""))).turns >= 8);
  assert.equal([...nativeXmlPieces(json)].join(""), nativeXml(json));
});

test("long values end a step as many elements do", () => {
  const long = dataSetOf(
    Object.fromEntries(
      ["ImageComments", "AdditionalPatientHistory", "PatientComments"].map((name) => [
        name,
        "x".repeat(STEP_CHARACTERS),
      ]),
    ),
  );
  const pieces = [...jsonPieces(long)];
  assert.ok(pieces.length >= 3);
  assert.equal(stepsOf(jsonSteps(pieces.join(""))).turns, 3);
});

test("what is not wanted is passed over: attributes are not there, items are empty", () => {
  const text = [...jsonPieces(framed(5), OPTIONS)].join("");
  const whole = JSON.parse(text) as JsonDataSet;
  const wanted = (tag: string, item = 3) => tag !== "00100010" && (tag !== "52009230" || item === 3);
  const { result } = stepsOf(jsonSteps(text, wanted));
  assert.deepEqual(Object.keys(result), ["52009230", "7FE00010"]);
  const items = result["52009230"]?.Value;
  assert.deepEqual(items?.toSpliced(3, 1), [{}, {}, {}, {}]);
  assert.deepEqual(items[3], whole["52009230"]?.Value?.[3]);
});

test("a text that is cut off is no data set", () => {
  const text = [...jsonPieces(framed(1))].join("");
  assert.throws(() => stepsOf(jsonSteps(text.slice(0, 30))), { code: "internal" });
});

test("an empty data set and an empty sequence are written and read", () => {
  for (const dataSet of [
    dataSetOf({}),
    dataSetOf({ ReferencedImageSequence: [] }),
    dataSetOf({ ReferencedImageSequence: [{}, {}] }),
  ]) {
    const text = [...jsonPieces(dataSet)].join("");
    assert.equal(text, jsonText(toJson(dataSet)));
    assert.deepEqual(stepsOf(jsonSteps(text)).result, toJson(dataSet));
  }
});
