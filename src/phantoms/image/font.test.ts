import assert from "node:assert/strict";
import { test } from "node:test";
import { drawText, plainCapitals, textWidth } from "#phantoms/image/font.ts";

test("a machine without small letters or marks writes names as it can", () => {
  assert.equal(plainCapitals("Šimić, Ana"), "SIMIC, ANA");
  assert.equal(plainCapitals("O’Brien"), "O'BRIEN");
  assert.equal(plainCapitals("山田"), "--");
});

test("ink stays inside the width that a text is said to have", () => {
  const columns = 80;
  const raster = new Float32Array(columns * 20);
  drawText(raster, columns, "NKOSI 7", 4, 3, 1, 200);
  const inked = [...raster.keys()].filter((at) => (raster[at] as number) > 0);
  assert.ok(inked.length > 60);
  for (const at of inked) {
    const x = at % columns;
    assert.ok(x >= 4 && x < 4 + textWidth("NKOSI 7", 1));
    assert.ok(Math.floor(at / columns) >= 3 && Math.floor(at / columns) < 10);
  }
});

test("text that runs over the edge is cut, not wrapped", () => {
  const raster = new Float32Array(10 * 10);
  drawText(raster, 10, "LL", -2, 6, 1, 1);
  assert.equal(raster.length, 100);
  assert.ok(raster.slice(0, 60).every((value) => value === 0));
});
