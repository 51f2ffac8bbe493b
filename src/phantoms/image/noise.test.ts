import assert from "node:assert/strict";
import { test } from "node:test";
import { bandNoise, cloudNoise, sample2, sample3 } from "#phantoms/image/noise.ts";
import { randomOf, seedOf } from "#phantoms/image/random.ts";

function moments(values: Float32Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

test("a label gives the same random numbers each time, and another label others", () => {
  const take = (label: string) => {
    const random = randomOf(label);
    return Array.from({ length: 5 }, () => random.next());
  };
  assert.deepEqual(take("a"), take("a"));
  assert.notDeepEqual(take("a"), take("b"));
  assert.notEqual(seedOf("ab"), seedOf("ba"));
});

test("random numbers stay in [0, 1) and the normal ones have mean 0 and variance 1", () => {
  const random = randomOf("moments");
  const normal = new Float32Array(20000).map(() => random.gauss());
  const { mean, variance } = moments(normal);
  assert.ok(Math.abs(mean) < 0.03, `mean ${mean}`);
  assert.ok(Math.abs(variance - 1) < 0.05, `variance ${variance}`);
  for (let n = 0; n < 1000; n++) assert.ok(random.next() >= 0 && random.next() < 1);
});

test("every noise field has mean 0 and variance 1", () => {
  for (const field of [bandNoise("t", 2, 64, 1, 3), bandNoise("t", 3, 16, 1, 0), cloudNoise("t", 64, 4, 0.6)]) {
    const { mean, variance } = moments(field.values);
    assert.ok(Math.abs(mean) < 1e-3 && Math.abs(variance - 1) < 1e-3);
  }
});

test("a field goes on where it ends", () => {
  const flat = bandNoise("wrap", 2, 32, 1, 0);
  assert.ok(Math.abs(sample2(flat, 3.25, 5.5) - sample2(flat, 3.25 - 32, 5.5 + 64)) < 1e-6);
  const solid = bandNoise("wrap", 3, 16, 1, 0);
  assert.ok(Math.abs(sample3(solid, 1.5, 2.25, 3) - sample3(solid, 17.5, -13.75, 19)) < 1e-6);
});

test("a sample on the grid is the value that stands there", () => {
  const field = bandNoise("grid", 3, 16, 1, 0);
  assert.equal(sample3(field, 2, 3, 4), field.values[(4 * 16 + 3) * 16 + 2]);
});
