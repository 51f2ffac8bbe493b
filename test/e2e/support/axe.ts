import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Fails with each violation of WCAG 2.2 AA that axe finds in what the person sees now, and where. */
export async function seesNoBarrier(page: Page, screen: string): Promise<void> {
  await page.waitForTimeout(350); // what fades in is judged once it has
  await page.evaluate(SOURCE);
  const results = await page.evaluate(
    async (tags) =>
      await (globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe.run({
        runOnly: { type: "tag", values: tags },
        resultTypes: ["violations"],
      }),
    WCAG_2_2_AA,
  );
  const violations = results.violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `    ${node.html}\n    ${node.failureSummary ?? ""}`).join("\n")}`,
  );
  assert.deepEqual(violations, [], `barriers on: ${screen}`);
}
