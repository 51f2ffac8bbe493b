import assert from "node:assert/strict";
import { test } from "node:test";
import { hasPicture, imagesOf, kindOfSeries } from "./pictured.ts";

test("no picture is asked for of reports, documents and objects without frames", () => {
  for (const modality of ["SR", "DOC", "PR", "KO", "RTSTRUCT"])
    assert.equal(hasPicture({ modality, frames: 1 }), false, modality);
  assert.equal(hasPicture({ modality: "CT", frames: 0 }), false);
  assert.equal(hasPicture({ modality: "CT", frames: 31 }), true);
});

test("a loop counts by its frames, a slice and a document once", () => {
  const series = (modality: string, instanceCount: number, frames: number) => ({
    ...{ seriesUid: "1.2", number: 1, description: "", bodyPart: "" },
    ...{ modality, instanceCount, frames },
  });
  assert.equal(imagesOf({ series: [series("US", 1, 36)] }), 36);
  assert.equal(imagesOf({ series: [series("CT", 124, 124), series("SR", 1, 0), series("DOC", 1, 3)] }), 126);
  assert.equal(imagesOf({ series: [] }), 0);
});

test("what has no picture is named by what it is", () => {
  assert.equal(kindOfSeries({ modality: "US", frames: 40 }), "image");
  assert.equal(kindOfSeries({ modality: "SR", frames: 0 }), "report");
  assert.equal(kindOfSeries({ modality: "DOC", frames: 0 }), "document");
  assert.equal(kindOfSeries({ modality: "ECG", frames: 0 }), "object");
});
