import assert from "node:assert/strict";
import { test } from "node:test";
import { type DicomJson, pixelAttributesFromJson } from "#standards/pixels/json.ts";

const us = (...Value: number[]) => ({ vr: "US", Value });
const ds = (...Value: (number | string)[]) => ({ vr: "DS", Value });
const sq = (...Value: DicomJson[]) => ({ vr: "SQ", Value });
const ow = (...words: number[]) => ({
  vr: "OW",
  InlineBinary: Buffer.from(Uint16Array.from(words).buffer).toString("base64"),
});
const IMAGE: DicomJson = {
  "00280002": us(1),
  "00280004": { vr: "CS", Value: ["MONOCHROME2 "] },
  "00280010": us(2),
  "00280011": us(3),
  "00280100": us(16),
  "00280101": us(12),
  "00280102": us(11),
  "00280103": us(1),
};

test("windows, rescale and padding come from the data set, decimal strings as numbers", () => {
  const attributes = pixelAttributesFromJson({
    ...IMAGE,
    "00281050": ds("40", 50),
    "00281051": ds(400, "1500"),
    "00281052": ds("-1024"),
    "00281053": ds(1),
    "00280120": us(63536),
    "20500020": { vr: "CS", Value: ["INVERSE"] },
  });
  assert.deepEqual(attributes.windows, [
    { center: 40, width: 400 },
    { center: 50, width: 1500 },
  ]);
  assert.deepEqual([attributes.rescaleSlope, attributes.rescaleIntercept, attributes.pixelPadding], [1, -1024, 63536]);
  assert.equal(attributes.presentationShape, "INVERSE");
  assert.equal(attributes.photometricInterpretation, "MONOCHROME2");
});

test("a frame's own functional groups come before the shared ones, PS3.3 §C.7.6.16", () => {
  const voi = (center: number) => ({
    "00289132": sq({ "00281050": ds(center), "00281051": ds(100), "00281056": { vr: "CS", Value: ["SIGMOID"] } }),
  });
  const json = {
    ...IMAGE,
    "52009229": sq({ "00289145": sq({ "00281052": ds(-5), "00281053": ds(2) }), ...voi(1) }),
    "52009230": sq({}, voi(2)),
  };
  const [first, second] = [pixelAttributesFromJson(json, 1), pixelAttributesFromJson(json, 2)];
  assert.deepEqual([first.windows, second.windows], [[{ center: 1, width: 100 }], [{ center: 2, width: 100 }]]);
  assert.deepEqual([second.rescaleSlope, second.rescaleIntercept, second.voiFunction], [2, -5, "SIGMOID"]);
});

test("the modality LUT of X-ray angiography is not for display, that of a radiograph is: PS3.3 §C.8.7.1.1.2", () => {
  const table = { ...IMAGE, "00283000": sq({ "00283002": us(2, 0, 8), "00283006": ow(7, 9) }) };
  const of = (sopClass: string) =>
    pixelAttributesFromJson({ ...table, "00080016": { vr: "UI", Value: [sopClass] } }).modalityLut?.values;
  assert.equal(of("1.2.840.10008.5.1.4.1.1.12.1"), undefined);
  assert.equal(of("1.2.840.10008.5.1.4.1.1.12.2"), undefined);
  assert.deepEqual(of("1.2.840.10008.5.1.4.1.1.1"), Uint16Array.of(7, 9));
});

test("a palette is read from inline binary or, through the caller, from where its URI points", () => {
  const palette = {
    "00281101": us(2, 0, 16),
    "00281102": us(2, 0, 16),
    "00281103": us(2, 0, 16),
    "00281201": ow(1, 2),
    "00281202": ow(3, 4),
  };
  const away = { ...IMAGE, ...palette, "00281203": { vr: "OW", BulkDataURI: "blue" } };
  const bulk = (uri: string) => (uri === "blue" ? Uint8Array.of(5, 0, 6, 0) : undefined);
  const { palette: found } = pixelAttributesFromJson(away, 1, bulk);
  assert.deepEqual(
    [found?.red, found?.green, found?.blue].map((lut) => [...(lut?.values ?? [])]),
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  );
  assert.equal(pixelAttributesFromJson(away).palette, undefined);
});

test("a segmented palette is expanded", () => {
  const descriptors = { "00281101": us(3, 0, 16), "00281102": us(3, 0, 16), "00281103": us(3, 0, 16) };
  const data = { "00281221": ow(0, 1, 0, 1, 2, 20), "00281222": ow(0, 3, 1, 2, 3), "00281223": ow(0, 3, 1, 2, 3) };
  assert.deepEqual(
    [...(pixelAttributesFromJson({ ...IMAGE, ...descriptors, ...data }).palette?.red.values ?? [])],
    [0, 10, 20],
  );
});

test("pixels that are not square say so, from their ratio or their spacing", () => {
  assert.equal(pixelAttributesFromJson({ ...IMAGE, "00280034": { vr: "IS", Value: ["2", 1] } }).pixelAspect, 2);
  assert.equal(pixelAttributesFromJson({ ...IMAGE, "00280030": ds(0.5, 1) }).pixelAspect, 0.5);
  assert.equal(pixelAttributesFromJson({ ...IMAGE, "00280030": ds(0.7, 0.7) }).pixelAspect, undefined);
  assert.equal(pixelAttributesFromJson({ ...IMAGE, "00280030": ds(0, 1) }).pixelAspect, undefined);
});

for (const tag of ["00280010", "00280011", "00280100", "00280004"]) {
  test(`an image without (${tag}) is dicom.missing`, () => {
    const { [tag]: _, ...rest } = IMAGE;
    assert.throws(() => pixelAttributesFromJson(rest), { code: "dicom.missing" });
  });
}

test("JSON of the wrong shape is as if it were not there, never a crash", () => {
  for (const odd of [null, 5, "x", [], { Value: "x" }, { Value: [null] }, { Value: [{}] }, { InlineBinary: 5 }]) {
    assert.throws(() => pixelAttributesFromJson({ ...IMAGE, "00280010": odd }), { code: "dicom.missing" });
    pixelAttributesFromJson({ ...IMAGE, "00281050": odd, "00283010": odd, "52009230": odd, "00281101": odd });
  }
  assert.throws(
    () =>
      pixelAttributesFromJson({
        ...IMAGE,
        "00283010": sq({ "00283002": us(1, 0, 16), "00283006": { vr: "OW", InlineBinary: "!" } }),
      }),
    { code: "input.invalid" },
  );
});
