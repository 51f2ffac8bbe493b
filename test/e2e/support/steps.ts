import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import sharp from "sharp";
import { DEMO_STUDIES } from "#phantoms/demo-studies.ts";
import { generateStudy } from "#phantoms/generate.ts";
import type { StudyRecipe } from "#phantoms/record/recipe.ts";
import { run } from "../../support/dcmtk.ts";
import { DESK, Person } from "./browser.ts";
import { type SharedDemo, sharedDemo } from "./demo.ts";

/** Steps that several stories take. */

const DOORS = { clinic: /^The clinic/, radiologist: /^The radiologist/, referrer: /^The referring doctor/ } as const;

/** Somebody comes in by a door of the demonstration and stands at their study list. */
export async function enterBy(door: keyof typeof DOORS, screen: BrowserContextOptions = DESK): Promise<Person> {
  const person = await Person.at(sharedDemo().url, screen);
  await person.page.goto("/");
  await person.page.getByRole("button", { name: DOORS[door] }).click();
  await person.page.getByRole("grid", { name: "Studies" }).waitFor();
  return person;
}

/** A row of the study list, as its label says it: patient, study, date, status. */
export const rowOf = (page: Page, label: RegExp): Locator => page.getByRole("row", { name: label });

/** A demonstration's patient at Umzimvubu Clinic with an examination of the story's own. */
export function examinationOf(
  patient: string,
  about: Partial<StudyRecipe> & Pick<StudyRecipe, "label" | "contents">,
): StudyRecipe {
  const known = DEMO_STUDIES.find((study) => study.patient.name === patient);
  assert.ok(known, `the demonstration has no ${patient}`);
  return { ...known, daysAgo: 0, time: "0712", priors: [], ...about };
}

/** Draws a study as files, as a modality has them before it sends. */
export async function drawInto(folder: string, recipe: StudyRecipe): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const { part10 } of generateStudy(recipe, { seed: "stories", now: new Date() })) {
    const path = join(folder, `IM${String(paths.length).padStart(6, "0")}`);
    await writeFile(path, part10);
    paths.push(path);
  }
  return paths;
}

/** The demonstration's CT1 sends files by DCMTK's storescu over TLS. */
export async function sendFromCt1({ dataDir, dicomTls }: SharedDemo, paths: readonly string[]): Promise<void> {
  const device = join(dataDir, "devices");
  const tls = ["+tls", join(device, "CT1.key"), join(device, "CT1.pem"), "+cf", join(device, "ca.pem")];
  const { code, output } = await run("storescu", [
    ...tls,
    ...["-aet", "CT1", "-aec", "SAFELIGHT", "localhost", String(dicomTls)],
    ...paths,
  ]);
  assert.equal(code, 0, output);
}

/** How bright a part of the page is and how much it varies, 0 to 255: an empty pane is dark and even, an image is neither. */
export async function lightOf(part: Locator): Promise<{ mean: number; spread: number }> {
  const { channels } = await sharp(await part.screenshot())
    .greyscale()
    .stats();
  return { mean: channels[0]?.mean ?? 0, spread: channels[0]?.stdev ?? 0 };
}

/** Waits until a part of the page shows an image. */
export async function showsImage(part: Locator, what: string): Promise<void> {
  const until = Date.now() + 120_000;
  let light = { mean: 0, spread: 0 };
  while (Date.now() < until) {
    light = await lightOf(part);
    if (light.spread > 20) return;
    await part.page().waitForTimeout(250);
  }
  assert.fail(`${what}: no image came, only mean ${light.mean.toFixed(1)} and spread ${light.spread.toFixed(1)}`);
}

/** The newest message of this subject to an address, read on the demonstration's outbox page in a window of its own. */
export async function newestLetterTo({ context }: Person, address: string, subject: string | RegExp): Promise<string> {
  const page = await context.newPage();
  await page.goto("/outbox");
  const letter = page
    .getByRole("article")
    .filter({ hasText: address })
    .filter({ has: page.getByRole("heading", { name: subject }) });
  await letter.first().waitFor();
  const words = (await letter.first().textContent()) ?? "";
  await page.close();
  return words;
}

/** The share dialog of a study in the list, by its key. */
export async function openShareDialog({ page }: Person, row: RegExp, study: string): Promise<Locator> {
  await rowOf(page, row).first().click();
  await page.getByRole("grid", { name: "Studies" }).press("s");
  const dialog = page.getByRole("dialog", { name: `Share ${study}` });
  await dialog.waitFor();
  return dialog;
}
