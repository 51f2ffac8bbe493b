import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { seesNoBarrier } from "./support/axe.ts";
import { Person } from "./support/browser.ts";
import { sharedDemo } from "./support/demo.ts";
import { drawInto, enterBy, examinationOf, rowOf, sendFromCt1, showsImage } from "./support/steps.ts";
import { story } from "./support/story.ts";

/**
 * Story 1: a modality stores a CT over DICOM TLS; within seconds it is sealed on disk, indexed, on the list, and its first image
 * is on a reader's screen. Then the way back: read, reported, signed, and the clinic has it.
 */
const demo = sharedDemo();
const CT = examinationOf("Dlamini^Sipho", {
  label: "story-1-ct",
  description: "CT head after a fall",
  bodyPart: "HEAD",
  accession: "UMZ-0311931",
  contents: [
    {
      is: "ct-head",
      head: { brain: { atrophy: 0 } },
      pose: { turn: [2, 0, -3], move: [0, 2, 0], scale: 0.92 },
      step: 2,
      withThick: false,
    },
  ],
});

const chapter = story("story 1");
let folder: string;
let clinic: Person;
let reader: Person;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "safelight-story-1-"));
  clinic = await enterBy("clinic");
  reader = await enterBy("radiologist");
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

const objectsOn = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== "swept")
    .map((entry) => join(entry.parentPath, entry.name));

chapter("what the modality sends stands in the clinic's list by itself, sealed on disk", async () => {
  const before = new Set(await objectsOn(join(demo.dataDir, "objects")));
  const paths = await drawInto(folder, CT);
  assert.equal(await rowOf(clinic.page, /CT head after a fall/).count(), 0);
  await sendFromCt1(demo, paths);

  await rowOf(clinic.page, /^Dlamini, Sipho, CT head after a fall, .*To read$/).waitFor();
  const came = (await objectsOn(join(demo.dataDir, "objects"))).filter((path) => !before.has(path));
  assert.ok(came.length > 0, "nothing new lies in the store");
  for (const path of came) {
    const bytes = await readFile(path);
    for (const clear of ["DICM", "Dlamini", "500412", CT.accession])
      assert.equal(bytes.indexOf(clear), -1, `${clear} stands in clear in ${path}`);
  }
  await rowOf(clinic.page, /CT head after a fall/).click();
  const preview = clinic.page.getByRole("complementary", { name: "Preview" });
  await preview.getByText("UMZ-0311931").waitFor();
  await preview.getByText(new RegExp(`^${paths.length} images`)).waitFor();
  await preview.getByText(/^Sealed on arrival/).waitFor();
  await seesNoBarrier(clinic.page, "study list");
});

chapter("the clinic shares it with its reading group, the dialog says why that is allowed", async () => {
  const { page } = clinic;
  await page.getByRole("grid", { name: "Studies" }).press("s");
  const dialog = page.getByRole("dialog", { name: "Share CT head after a fall" });
  await dialog.getByText("Person or group").click();
  await dialog.getByPlaceholder("Choose a partner").click();
  await page.getByRole("option", { name: "Reyes Reading Group" }).click();
  await dialog.getByRole("combobox", { name: "Purpose" }).selectOption({ label: "Care" });
  await dialog.getByText(/^Allowed: Care/).waitFor();
  await dialog.getByText(/The agreement with Reyes Reading Group covers it and runs to/).waitFor();
  await dialog.getByRole("button", { name: "Share", exact: true }).click();
  await dialog.getByText("Shared with Reyes Reading Group.").waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();
});

chapter("the reader's list shows it by itself and the first image comes", async () => {
  const { page } = reader;
  await rowOf(page, /^Dlamini, Sipho, CT head after a fall/).click();
  await page.getByRole("grid", { name: "Studies" }).press("Enter");
  await page.waitForURL(/\/studies\/[^/]+\/[^/]+$/);
  const canvas = page.locator("canvas").first();
  await canvas.waitFor();
  await showsImage(canvas, "the reading room");
  await page
    .getByText("Im 1/")
    .first()
    .or(page.getByText(/^Im \d+\/\d+/).first())
    .waitFor();
  await seesNoBarrier(page, "reading room");
});

chapter("in two tabs the reader writes two texts: neither is lost, and neither is signed unseen", async () => {
  const { page: first } = reader;
  reader.expect(/the server responded with a status of 409/);
  const second = await reader.context.newPage();
  await second.goto(first.url());
  const findings = "No haemorrhage.";
  await second.getByLabel("Impression").waitFor();
  await first.getByLabel("Findings").fill(findings);
  await first.getByText("Draft · saved").waitFor();

  await second.getByLabel("Impression").fill("No fracture.");
  const moved = second.getByRole("dialog", { name: "The report changed meanwhile" });
  await moved.getByRole("region", { name: "What stands there now" }).getByText(findings).waitFor();
  await moved.getByRole("region", { name: "What you wrote here" }).getByText("No fracture.").waitFor();
  await seesNoBarrier(second, "two texts of one report");
  await moved.getByRole("button", { name: "Keep both, one after the other" }).press("Enter");
  await moved.waitFor({ state: "hidden" });
  await second.getByText("Draft · saved").waitFor();
  assert.equal(await second.getByLabel("Findings").inputValue(), findings);
  assert.equal(await second.getByLabel("Impression").inputValue(), "No fracture.");

  await first.getByRole("button", { name: /^Sign/ }).first().click();
  await first.getByRole("dialog", { name: "Sign as final?" }).getByRole("button", { name: "Sign as final" }).click();
  const unseen = first.getByRole("dialog", { name: "The report changed meanwhile" });
  await unseen.getByText("No fracture.").waitFor();
  await unseen.getByRole("button", { name: "Use the other, drop mine" }).click();
  await unseen.waitFor({ state: "hidden" });
  assert.equal(await first.getByLabel("Impression").inputValue(), "No fracture.");
  await second.close();
});

chapter("the reader writes and signs; the clinic sees it by itself and has the PDF", async () => {
  const { page } = reader;
  await page.getByLabel("Findings").fill("No haemorrhage. No fracture. Ventricles of normal size for the age.");
  await page.getByLabel("Impression").fill("No traumatic lesion.");
  await page.getByText("Draft · saved").waitFor();
  await page.getByRole("button", { name: /^Sign/ }).first().click();
  const confirm = page.getByRole("dialog", { name: "Sign as final?" });
  await confirm.getByRole("button", { name: "Sign as final" }).click();
  await page.getByText(/^Signed by Dr A. Reyes/).waitFor();
  await seesNoBarrier(page, "signed report");

  await rowOf(clinic.page, /^Dlamini, Sipho, CT head after a fall, .*Final$/).waitFor();
  await rowOf(clinic.page, /CT head after a fall/).dblclick();
  await clinic.page.getByText("No traumatic lesion.").waitFor();
  const address = await clinic.page.getByRole("link", { name: "PDF" }).getAttribute("href");
  const pdf = await clinic.context.request.get(address ?? "");
  assert.equal(pdf.headers()["content-type"], "application/pdf");
  assert.equal((await pdf.body()).subarray(0, 5).toString(), "%PDF-");
});

chapter("the record says who did what with it, and by which right", async () => {
  const { page } = clinic;
  await page.goto("/audit");
  await page.getByLabel("Patient").fill("Dlamini");
  const line = (who: string, what: string) =>
    page
      .getByRole("row")
      .filter({ hasText: who })
      .filter({ hasText: what })
      .filter({ hasText: "CT head after a fall" });
  await line("CT1", "stored images").first().waitFor();
  await line("Naledi Dube", "shared a study").waitFor();
  const looked = line("Dr A. Reyes", "looked at images").first();
  await looked.waitFor();
  assert.match((await looked.textContent()) ?? "", /Granted/);
  const signed = line("Dr A. Reyes", "signed a report");
  await signed.filter({ hasNotText: "refused" }).waitFor();
  await signed.filter({ hasText: "refused" }).getByText("The report was no longer what they had read.").waitFor();
  await page.getByText("The record holds").waitFor();
});

chapter("no page complained", () => Person.leaveAll());
