import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import { dataSetOf } from "#standards/dicom/build.ts";
import { bytesElement } from "#standards/dicom/encode-values.ts";
import { fromJson } from "#standards/dicom/from-json.ts";
import { type JsonDataSet, jsonText, toJson } from "#standards/dicom/json.ts";
import { readDataSet, readPart10 } from "#standards/dicom/read.ts";
import { EXPLICIT_BE, EXPLICIT_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { elementAt } from "#standards/dicom/values.ts";
import { VRS, type Vr } from "#standards/dicom/vr.ts";
import { writeDataSet } from "#standards/dicom/write.ts";

const jsonOf = (given: Parameters<typeof dataSetOf>[0]) => toJson(dataSetOf(given));

test("PS3.18 §F.2.2: numbers, names, tags and sequences have their own forms", () => {
  assert.deepEqual(
    jsonOf({
      PatientName: "Yamada^Tarou=山田^太郎=やまだ^たろう",
      ImageType: ["DERIVED", "PRIMARY"],
      SliceThickness: "1.250",
      SeriesNumber: 3,
      Rows: 512,
      FrameIncrementPointer: "00181063",
      ReferencedImageSequence: [{ ReferencedSOPInstanceUID: "1.2.3" }, {}],
      PatientComments: undefined,
    }),
    {
      "00080005": { vr: "CS", Value: ["ISO_IR 192"] },
      "00080008": { vr: "CS", Value: ["DERIVED", "PRIMARY"] },
      "00081140": { vr: "SQ", Value: [{ "00081155": { vr: "UI", Value: ["1.2.3"] } }, {}] },
      "00100010": {
        vr: "PN",
        Value: [{ Alphabetic: "Yamada^Tarou", Ideographic: "山田^太郎", Phonetic: "やまだ^たろう" }],
      },
      "00104000": { vr: "LT" },
      "00180050": { vr: "DS", Value: [1.25] },
      "00200011": { vr: "IS", Value: [3] },
      "00280009": { vr: "AT", Value: ["00181063"] },
      "00280010": { vr: "US", Value: [512] },
    },
  );
});

test("attributes come in ascending order, group lengths and group 0002 not at all", () => {
  const dataSet = dataSetOf({ Modality: "CT", "00080000:UL": 4, "00020010:UI": "1.2" });
  dataSet.set(bytesElement(0x00080005, "CS", new TextEncoder().encode("ISO_IR 100")));
  assert.deepEqual(Object.keys(toJson(dataSet)), ["00080005", "00080060"]);
});

test("as text, attributes are in ascending order even where their digits are decimal, in items too", () => {
  const given = { PatientID: "1", PresentationLUTShape: "IDENTITY", PixelData: new Uint8Array(2) };
  const json = jsonOf({ ...given, ReferencedImageSequence: [given, {}] });
  const text = jsonText(json);
  assert.deepEqual(JSON.parse(text), json);
  const order = text.match(/"[0-9A-F]{8}"/g);
  const inner = ['"00100020"', '"20500020"', '"7FE00010"'];
  assert.deepEqual(order, ['"00081140"', ...inner, ...inner]);
});

test("PS3.18 §F.2.5: an empty value among others is null", () => {
  assert.deepEqual(jsonOf({ ImageType: ["A", "", "B"] })["00080008"], { vr: "CS", Value: ["A", null, "B"] });
  assert.deepEqual(jsonOf({ OtherPatientNames: ["A^B", ""] })["00101001"], {
    vr: "PN",
    Value: [{ Alphabetic: "A^B" }, null],
  });
});

test("what is no number in DS or IS stays text, and what JSON cannot say as a number becomes text", () => {
  assert.deepEqual(jsonOf({ SliceThickness: ["1.5", "abc", "1e2", ""] })["00180050"]?.Value, [1.5, "abc", 100, null]);
  assert.deepEqual(jsonOf({ "00091001:FD": [Number.POSITIVE_INFINITY, "NaN", -0.5] })["00091001"]?.Value, [
    "Infinity",
    "NaN",
    -0.5,
  ]);
  assert.deepEqual(jsonOf({ "00091001:UV": [5, 18446744073709551615n] })["00091001"]?.Value, [
    5,
    "18446744073709551615",
  ]);
  assert.deepEqual(jsonOf({ "00091001:SV": [-5] })["00091001"]?.Value, [-5]);
});

test("binary values beyond the threshold get the address of their place in the data set", () => {
  const asked: string[] = [];
  const bulkDataUri = (path: string) => {
    asked.push(path);
    return `bulk/${path}`;
  };
  const dataSet = dataSetOf({
    IconImageSequence: [{}, { PixelData: new Uint8Array(2000) }],
    "00091001:OB": new Uint8Array(1024),
    "00091002:UN": new Uint8Array(1026),
  });
  const json = toJson(dataSet, { bulkDataUri });
  assert.deepEqual(asked, ["00091002", "00880200/1/7FE00010"]);
  assert.equal(json["00091002"]?.BulkDataURI, "bulk/00091002");
  assert.equal(json["00091001"]?.InlineBinary?.length, 1368);
});

test("an address leads back to its element, and wrong ones to none", () => {
  const dataSet = dataSetOf({ IconImageSequence: [{}, { PixelData: new Uint8Array(8) }] });
  const found = elementAt(dataSet, "00880200/1/7FE00010");
  assert.equal(found?.element.tag, 0x7fe00010);
  assert.equal(found.dataSet.parent, dataSet);
  assert.equal(elementAt(dataSet, "00880200")?.element.is, "sequence");
  for (const wrong of [
    "",
    "x",
    "00880200/2/7FE00010",
    "00880200/1",
    "00880200/-1/7FE00010",
    "00880200/1/",
    "00100010/0/00100010",
  ]) {
    assert.equal(elementAt(dataSet, wrong), undefined, wrong);
  }
});

test("a value left in the file needs an address, and without one it is said, not dropped", () => {
  const { dataSet } = readPart10(writeDataSet(dataSetOf({ PixelData: new Uint8Array(8) }), EXPLICIT_LE), {
    transferSyntax: EXPLICIT_LE,
  });
  assert.throws(() => toJson(dataSet), { code: "input.too-large" });
  assert.equal(toJson(dataSet, { bulkDataUri: () => "x" })["7FE00010"]?.BulkDataURI, "x");
});

test("a big endian data set gives the JSON of the little endian one", () => {
  const dataSet = dataSetOf({
    Rows: 258,
    "00091001:FL": 1.5,
    "00091002:OW": Uint8Array.of(1, 2, 3, 4),
    "00091003:AT": "00100020",
  });
  assert.deepEqual(toJson(readDataSet(writeDataSet(dataSet, EXPLICIT_BE), EXPLICIT_BE)), toJson(dataSet));
});

const textOf = (vr: Vr) =>
  VRS[vr].charset
    ? fc.string({ unit: fc.constantFrom(...Array.from("aé漢я B-._")), minLength: 1, maxLength: 12 })
    : fc.string({ unit: fc.constantFrom(...Array.from("AB12_.")), minLength: 1, maxLength: 12 });
const bits = (vr: Vr): fc.Arbitrary<number> => {
  const bounds: Partial<Record<Vr, [number, number]>> = {
    US: [0, 65535],
    SS: [-32768, 32767],
    UL: [0, 2 ** 32 - 1],
    SL: [-(2 ** 31), 2 ** 31 - 1],
    UV: [0, Number.MAX_SAFE_INTEGER],
  };
  const [min, max] = bounds[vr] ?? [-1000, 1000];
  return fc.integer({ min, max });
};

function valuesOf(vr: Vr): fc.Arbitrary<JsonDataSet[string]> {
  const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: VRS[vr].several ? 4 : 1 });
  const trimmed = textOf(vr)
    .map((text) => text.trim())
    .filter((text) => text !== "");
  switch (VRS[vr].holds) {
    case "bytes":
      return fc
        .uint8Array({ minLength: 1, maxLength: 20 })
        .map((bytes) => ({ vr, InlineBinary: bytes.slice(0, bytes.length & ~1).toBase64() }))
        .filter(({ InlineBinary }) => InlineBinary !== "");
    case "tag":
      return list(fc.nat(0xffff).map((low) => `0010${low.toString(16).toUpperCase().padStart(4, "0")}`)).map(
        (Value) => ({ vr, Value }),
      );
    case "integer":
    case "decimal":
      return list(bits(vr)).map((Value) => ({ vr, Value }));
    case "number-text":
      return list(fc.integer({ min: -99999, max: 99999 })).map((Value) => ({ vr, Value }));
    case "items":
      return fc.constant({ vr, Value: [{}, { "00080060": { vr: "CS" as const, Value: ["CT"] } }] });
    case "text":
      return vr === "PN"
        ? list(trimmed.map((Alphabetic) => ({ Alphabetic }))).map((Value) => ({ vr, Value }))
        : list(trimmed).map((Value) => ({ vr, Value }));
    default:
      throw new Error(vr);
  }
}

const anyJson: fc.Arbitrary<JsonDataSet> = fc
  .array(
    fc.tuple(fc.integer({ min: 0x1000, max: 0x10ff }), fc.constantFrom(...(Object.keys(VRS) as Vr[])).chain(valuesOf)),
    { maxLength: 12 },
  )
  .map((entries) =>
    Object.fromEntries(
      [...new Map(entries)]
        .sort(([a], [b]) => a - b)
        .map(([element, json]) => [`0009${element.toString(16).toUpperCase()}`, json]),
    ),
  );

test("JSON → data set → bytes → data set → JSON is the same, for every VR", () => {
  fc.assert(
    fc.property(anyJson, (json) => {
      const read = readDataSet(writeDataSet(fromJson(json), EXPLICIT_LE), EXPLICIT_LE);
      const { "00080005": _charset, ...again } = toJson(read);
      assert.deepEqual(again, json);
    }),
    { numRuns: 500 },
  );
});

test("JSON that is no DICOM JSON is refused, naming the attribute", () => {
  let deep: unknown = {};
  for (let at = 0; at < 70; at++) deep = { "00081140": { vr: "SQ", Value: [deep] } };
  for (const [json, code, message] of [
    [null, "input.invalid", /no object/],
    [[], "input.invalid", /no object/],
    [{ PatientName: {} }, "input.invalid", /PatientName is no tag/],
    [{ "00100010": 5 }, "input.invalid", /\(0010,0010\) Patient's Name is no object/],
    [{ "00100010": { vr: "XX" } }, "input.invalid", /no known vr/],
    [{ "00100010": { vr: "PN", Value: ["Doe"] } }, "input.invalid", /no person name/],
    [{ "00280010": { vr: "US", Value: [70000] } }, "input.invalid", /US cannot hold/],
    [{ "00280010": { vr: "US", Value: [1.5] } }, "input.invalid", /US cannot hold/],
    [{ "00091001": { vr: "UV", Value: [-1] } }, "input.invalid", /UV cannot hold/],
    [{ "00091001": { vr: "SV", Value: ["1.5"] } }, "input.invalid", /SV cannot hold/],
    [{ "00280010": { vr: "US", Value: "5" } }, "input.invalid", /no array/],
    [{ "00280009": { vr: "AT", Value: ["xyz"] } }, "input.invalid", /no tag/],
    [{ "7FE00010": { vr: "OW", InlineBinary: "%%%" } }, "input.invalid", /no base64/],
    [{ "7FE00010": { vr: "OW", BulkDataURI: "http://elsewhere" } }, "input.invalid", /bulk data/],
    [deep, "dicom.too-deep", /deeper than 64/],
  ] as const) {
    assert.throws(
      () => fromJson(json),
      (thrown) => thrown instanceof Fault && thrown.code === code && message.test(thrown.message),
      JSON.stringify(json).slice(0, 100),
    );
  }
});

test("bulk data of JSON comes from where the caller finds it", () => {
  const json = { "7FE00010": { vr: "OW", BulkDataURI: "cid:pixels" } };
  const dataSet = fromJson(json, { bulkData: (uri, tag, vr) => bytesElement(tag, vr, new TextEncoder().encode(uri)) });
  const element = dataSet.get(0x7fe00010);
  assert.equal(element?.is === "value" && new TextDecoder().decode(element.bytes), "cid:pixels");
});
