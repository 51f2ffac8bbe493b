import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Download } from "playwright-core";
import { run } from "../support/dcmtk.ts";
import { seesNoBarrier } from "./support/axe.ts";
import { Person } from "./support/browser.ts";
import { sharedDemo } from "./support/demo.ts";
import { picture } from "./support/picture.ts";
import { enterBy, rowOf, showsImage } from "./support/steps.ts";
import { story } from "./support/story.ts";

/**
 * Story 8: a regulator asks who saw this patient's images last year: one answer, with a proof that nothing before the last
 * witnessed checkpoint was changed, and an honest word on what such a proof cannot show.
 * Not in this milestone: the answer about one patient as a printed document; the export holds the whole record.
 */
const chapter = story("story 8");
let folder: string;
let officer: Person;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "safelight-story-8-"));
});
after(() => rm(folder, { recursive: true, force: true }));

chapter("the radiologist looks at a patient's images; what the record says of it is one question", async () => {
  const reader = await enterBy("radiologist");
  await rowOf(reader.page, /^Botha, Annelie|^Nkosi, Ayanda, CT head without contrast, .*Final$/)
    .first()
    .click();
  await rowOf(reader.page, /^Nkosi, Ayanda, CT head without contrast, .*Final$/)
    .first() // the newest stands first; its prior is final too
    .dblclick();
  await showsImage(reader.page.locator("canvas").first(), "the reading room");
  await reader.page.getByText("sealed at arrival, unchanged").waitFor();
  await reader.page.keyboard.press("k");
  await showsImage(reader.page.locator("canvas").nth(1), "the prior beside");
  await picture(reader.page, "reading");
  await reader.leave();

  officer = await enterBy("clinic");
  const { page } = officer;
  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByLabel("Patient").fill("Nkosi");
  await page.getByRole("combobox", { name: "Action" }).click();
  await page.getByRole("option", { name: "saw images or report" }).click();
  const today = new Date();
  await page.getByLabel("From", { exact: true }).fill(`${today.getFullYear() - 1}-01-01`);
  await page.getByLabel("To", { exact: true }).fill(`${today.getFullYear()}-12-31`);
  const answer = page.getByRole("region", { name: "Audit" }).getByRole("row");
  for (const another of ["shared a study", "stored images", "Khumalo"])
    await answer.filter({ hasText: another }).first().waitFor({ state: "hidden" });
  const seen = answer
    .filter({ hasText: "Dr A. Reyes, Reyes Reading Group" })
    .filter({ hasText: "looked at images" })
    .first();
  await seen.getByText("Nkosi, Ayanda").waitFor();
  await seen.getByRole("cell", { name: /^Care/ }).waitFor();
  await seen.getByText("Granted by the study’s owner.").waitFor();
  await seesNoBarrier(page, "audit");
  await picture(page, "audit");
});

chapter("an entry opens to its detail and gives its proof", async () => {
  const { page } = officer;
  await page
    .getByRole("row")
    .filter({ hasText: "Dr A. Reyes, Reyes Reading Group" })
    .getByRole("button", { name: /^Details: looked at images/ })
    .first()
    .click();
  const handed = page.waitForEvent("download", { timeout: 180_000 });
  officer.expect(/status of 409/);
  const waits = page.getByText("No signed checkpoint covers this entry yet. Ask again in a minute.");
  let proof: Download | undefined;
  while (proof === undefined) {
    await page.getByRole("button", { name: /^Proof of inclusion/ }).click();
    proof = await Promise.race([handed, waits.waitFor().then(() => undefined)]);
    if (proof === undefined) await page.waitForTimeout(3000); // checkpoints are signed once a minute
  }
  const told = JSON.parse(await readFile(await proof.path(), "utf8")) as { leaf?: unknown };
  assert.ok(Object.keys(told).length > 0);
  await seesNoBarrier(page, "an entry's detail");
});

chapter("the page says that the record holds, and what that cannot prove", async () => {
  const { page } = officer;
  const proof = page.locator("section").filter({ hasText: "The record holds" }).last();
  await proof.getByText(/^\d+ entries in one tree, last checkpoint /).waitFor();
  await proof.getByText("Details").click();
  await proof.getByText(/It cannot prove that everything that happened was recorded.$/).waitFor();
});

chapter("the export is verified without the server; one changed letter is found and located", async () => {
  const { page } = officer;
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export with proof" }).click(),
  ]);
  const file = join(folder, "record.jsonl");
  await download.saveAs(file);
  const verify = (path: string, ...more: string[]): ReturnType<typeof run> =>
    run(process.execPath, ["bin/safelight.ts", "ledger", "verify", "--export", path, ...more]);
  const whole = await verify(file);
  assert.equal(whole.code, 0, whole.output);

  const witness = join(sharedDemo().dataDir, "witness");
  const notes = (await readdir(witness, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const organisation = /ledger-([0-9a-f-]{36})-/.exec(download.suggestedFilename())?.[1] ?? "";
  const own = notes.find((entry) => entry.parentPath.includes(organisation) || entry.name.includes(organisation));
  assert.ok(own, `no witness of ${organisation} among ${notes.length}`);
  const since = await verify(file, "--since", join(own.parentPath, own.name));
  assert.equal(since.code, 0, since.output);

  const lines = (await readFile(file, "utf8")).split("\n");
  const at = lines.findIndex((line) => line.includes("study.view"));
  assert.ok(at > 0);
  const forged = join(folder, "forged.jsonl");
  await writeFile(
    forged,
    lines.map((line, n) => (n === at ? line.replace("study.view", "study.vieu") : line)).join("\n"),
  );
  const found = await verify(forged);
  assert.equal(found.code, 1, found.output);
});

chapter("whoever has no such duty is not shown the record", async () => {
  const referrer = await enterBy("referrer");
  assert.equal(await referrer.page.getByRole("link", { name: "Audit" }).count(), 0);
  assert.equal((await referrer.context.request.get("/api/audit")).status(), 403);
});

chapter("no page complained", () => Person.leaveAll());
