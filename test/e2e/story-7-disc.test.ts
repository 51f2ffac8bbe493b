import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { DATA } from "../support/data.ts";
import { zipOf } from "../support/zip.ts";
import { seesNoBarrier } from "./support/axe.ts";
import { Person } from "./support/browser.ts";
import { Drag } from "./support/drop.ts";
import { picture } from "./support/picture.ts";
import { drawInto, enterBy, examinationOf, rowOf, showsImage } from "./support/steps.ts";
import { story } from "./support/story.ts";

/**
 * Story 7, first half: a CD comes in (DICOMDIR, ZIP or folder dropped on the page).
 * Not in this milestone: the study that goes out as an encrypted CMS file or a passworded package.
 */
const chapter = story("story 7");
const DISC = join(DATA, "media", "pydicom-dicomdirtests");

let folder: string;
let desk: Person;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "safelight-story-7-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const uploadDialog = (page: Page): Locator => page.getByRole("dialog", { name: "Upload" });
/** Closes the dialog by its last button and waits until the page is back. */
async function closeUpload(page: Page): Promise<void> {
  await uploadDialog(page).getByRole("button", { name: "Close" }).last().click();
  await uploadDialog(page).waitFor({ state: "hidden" });
}
const SURE = "I have compared name, number and date of birth with the patient or the request";

chapter("a disc dragged over the page is welcome; after the drop the page says whose images these are", async () => {
  const disc = join(folder, "disc");
  await cp(DISC, disc, { recursive: true, filter: (path) => !/DICOMDIR-|TINY_ALPHA/.test(path) });
  await writeFile(join(disc, "AUTORUN.INF"), "[autorun]\r\nopen=VIEWER.EXE\r\n");
  await writeFile(join(disc, "VIEWER.EXE"), "MZ and what else a viewer brings");
  desk = await enterBy("clinic");
  const { page } = desk;
  const drag = await Drag.over(page, [disc]);
  await page.getByText("Drop to upload").waitFor();
  await page.getByText("Files, a folder, a ZIP or a whole CD. Programs on the disc are left out.").waitFor();
  await drag.drop();

  const dialog = uploadDialog(page);
  await dialog.getByText("2 different patients. Choose whose studies to upload.").waitFor();
  await dialog.getByText(/A disc with several patients is unusual./).waitFor();
  await dialog.getByText("Doe, Archibald").waitFor();
  await dialog.getByText("Doe, Peter").waitFor();
  await dialog
    .getByText(/^2 files left out: not DICOM \((AUTORUN.INF, VIEWER.EXE|VIEWER.EXE, AUTORUN.INF)\)$/)
    .waitFor();
  assert.equal(await dialog.getByText(/index names .* not here/).count(), 0, "all that the DICOMDIR names is here");
  await seesNoBarrier(page, "preview of a disc");
  await picture(page, "upload");
});

chapter("nothing leaves before somebody has chosen and said that it is the right patient", async () => {
  const dialog = uploadDialog(desk.page);
  const start = dialog.getByRole("button", { name: /^Upload \d+ file/ });
  assert.equal(await start.isDisabled(), true);
  await dialog.getByLabel("Upload the study XR C Spine Comp Min 4 Views").check();
  assert.equal(await start.isDisabled(), true);
  await dialog.getByLabel(SURE).check();
  await start.click();
  await dialog.getByRole("heading", { name: "Done" }).waitFor();
  await dialog.getByText("3 stored").waitFor();
  await dialog.getByText("Doe, Archibald").waitFor();
  await seesNoBarrier(desk.page, "an upload that is done");
});

chapter("the study is in the list at once, the patient nobody chose is not, and its image can be seen", async () => {
  const { page } = desk;
  await uploadDialog(page).getByRole("button", { name: "View" }).click();
  await page.waitForURL(/\/studies\/[^/]+\/[^/]+$/);
  await showsImage(page.locator("canvas").first(), "an image from the disc");
  await page.goto("/studies");
  await rowOf(page, /^Doe, Archibald, XR C Spine/).waitFor();
  assert.equal(await rowOf(page, /^Doe, Peter/).count(), 0);
});

chapter("a ZIP of the same disc: what was here already is said, the rest is stored", async () => {
  const { page } = desk;
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(join(folder, "disc"), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(folder.length + 1)] = await readFile(path);
  }
  const zip = join(folder, "disc.zip");
  await writeFile(zip, await zipOf(files));
  await (await Drag.over(page, [zip])).drop();
  const dialog = uploadDialog(page);
  await dialog.getByText("2 different patients. Choose whose studies to upload.").waitFor();
  for (const box of await dialog.getByLabel(/^Upload the study/).all()) await box.check();
  await dialog.getByLabel(SURE).check();
  await dialog.getByRole("button", { name: /^Upload 31 files/ }).click();
  await dialog.getByRole("heading", { name: "Done" }).waitFor();
  await dialog.getByText("3 were here already").waitFor();
  await dialog.getByText("28 stored").waitFor();
  await closeUpload(page);
  await rowOf(page, /^Doe, Peter/)
    .first()
    .waitFor();
});

chapter("an upload over a slow line is stopped for a while and goes on where it was", async () => {
  const { page } = desk;
  const recipe = examinationOf("Khumalo^Thandi", {
    label: "story-7-ct",
    description: "CT head from a disc",
    bodyPart: "HEAD",
    accession: "UMZ-0311940",
    contents: [
      {
        is: "ct-head",
        head: { brain: { atrophy: 0.1 } },
        pose: { turn: [0, 2, 1], move: [2, 0, 0], scale: 0.95 },
        step: 2,
        withThick: false,
      },
    ],
  });
  const slow = join(folder, "slow");
  const paths = await drawInto(slow, recipe);
  const line = await page.context().newCDPSession(page);
  const speed = (bytes: number): Promise<unknown> =>
    line.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 20,
      downloadThroughput: -1,
      uploadThroughput: bytes,
    });
  await speed(1_500_000);
  await (await Drag.over(page, [slow])).drop();
  const dialog = uploadDialog(page);
  await dialog.getByText("Is this the right patient?").waitFor();
  await dialog.getByLabel(SURE).check();
  await dialog.getByRole("button", { name: `Upload ${paths.length} files` }).click();
  await dialog.getByRole("heading", { name: "Uploading" }).waitFor();
  await dialog.getByText(/[1-9]\d* stored/).waitFor();
  await dialog.getByText(/about .* left/).waitFor();
  await seesNoBarrier(page, "an upload on its way");
  await picture(page, "upload-progress");

  await dialog.getByRole("button", { name: "Pause" }).click();
  await dialog.getByRole("heading", { name: "Paused" }).waitFor();
  await page.waitForTimeout(1500); // what was on the wire has arrived or is broken off
  const held = await dialog.getByText(/ of \d+ files · /).textContent();
  await page.waitForTimeout(2500);
  assert.equal(await dialog.getByText(/ of \d+ files · /).textContent(), held, "it went on while it was paused");
  assert.ok(!held?.startsWith(`${paths.length} of`), "it was over before it could be paused");

  const warned = page.waitForEvent("dialog");
  void page.close({ runBeforeUnload: true });
  const warning = await warned;
  assert.equal(warning.type(), "beforeunload");
  await warning.dismiss();

  await dialog.getByRole("button", { name: "Go on in the background" }).click();
  await page.getByRole("button", { name: /% uploaded$/ }).click();
  await speed(-1);
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.getByRole("heading", { name: "Done" }).waitFor();
  await dialog.getByText(`${paths.length} stored`).waitFor();
  await closeUpload(page);
  await rowOf(page, /^Khumalo, Thandi, CT head from a disc/).click();
  await page
    .getByRole("complementary", { name: "Preview" })
    .getByText(new RegExp(`^${paths.length} images`))
    .waitFor();
});

chapter("what fails is grouped by its reason, and only that is tried again", async () => {
  const { page } = desk;
  const recipe = (label: string, description: string): Parameters<typeof drawInto>[1] =>
    examinationOf("Khumalo^Thandi", {
      label,
      description,
      bodyPart: "CHEST",
      accession: "UMZ-0311941",
      contents: [{ is: "chest", chest: { label: "khumalo", size: 1, breasts: 0.8 } }],
    });
  const mixed = join(folder, "mixed");
  await drawInto(join(mixed, "good"), recipe("story-7-good", "XR chest from a disc"));
  const [cut = ""] = await drawInto(join(mixed, "cut"), recipe("story-7-cut", "XR chest cut short"));
  const [gone = ""] = await drawInto(join(mixed, "gone"), recipe("story-7-gone", "XR chest taken out"));
  await truncate(cut, 100_000);

  await (await Drag.over(page, [mixed])).drop();
  const dialog = uploadDialog(page);
  await dialog.getByText("Is this the right patient?").waitFor();
  await dialog.getByLabel(SURE).check();
  desk.expect(/ERR_FILE_NOT_FOUND/);
  await rename(gone, join(folder, "elsewhere"));
  await dialog.getByRole("button", { name: "Upload 3 files" }).click();
  await dialog.getByRole("heading", { name: "Done, with errors" }).waitFor();
  await dialog.getByText("1 stored").waitFor();
  const errors = dialog.getByRole("region", { name: "What went wrong" });
  await errors.getByText("The file on this computer cannot be read any more.").waitFor();
  await errors.getByText("Damaged: the file breaks off or contradicts itself.").waitFor();
  await errors.getByText("Damaged: the file breaks off or contradicts itself.").click();
  await errors.getByText("mixed/cut/IM000000").waitFor();
  await seesNoBarrier(page, "an upload with errors");
  await picture(page, "upload-errors");

  await rename(join(folder, "elsewhere"), gone);
  await dialog.getByRole("button", { name: "Retry 2 failed files" }).click();
  await dialog.getByText("2 stored").waitFor();
  await dialog.getByRole("button", { name: "Retry 1 failed file" }).waitFor();
  await closeUpload(page);
  await rowOf(page, /^Khumalo, Thandi, XR chest taken out/).waitFor();
  assert.equal(await rowOf(page, /XR chest cut short/).count(), 0, "nothing half-stored is visible");
});

chapter("files are chosen by the keyboard too, and what is no DICOM is said so", async () => {
  const { page } = desk;
  const letter = join(folder, "letter.txt");
  await writeFile(letter, "Dear colleague");
  const asked = page.waitForEvent("filechooser"); // before the key, so that the browser knows who answers
  await page.getByRole("grid", { name: "Studies" }).focus();
  await page.keyboard.press("u");
  await (await asked).setFiles(letter);
  await uploadDialog(page).getByText("No DICOM file was found among 1.").waitFor();
  await closeUpload(page);
});

chapter("the record holds every upload", async () => {
  const { page } = desk;
  await page.goto("/audit");
  await page.getByLabel("Patient").fill("Doe");
  await page
    .getByRole("row")
    .filter({ hasText: "Naledi Dube" })
    .filter({ hasText: "stored images" })
    .filter({ hasText: "XR C Spine" })
    .first()
    .waitFor();
});

chapter("no page complained", () => Person.leaveAll());
