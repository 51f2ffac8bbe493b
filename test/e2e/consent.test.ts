import assert from "node:assert/strict";
import { seesNoBarrier } from "./support/axe.ts";
import { Person, PHONE } from "./support/browser.ts";
import { sharedDemo } from "./support/demo.ts";
import { picture } from "./support/picture.ts";
import { enterBy, openShareDialog, rowOf } from "./support/steps.ts";
import { story } from "./support/story.ts";

/**
 * Consent at the desk: without a basis nothing is shared; recorded, it carries exactly its purpose; withdrawn, what rests on it
 * stops at the next request and what has another basis goes on.
 */
const demo = sharedDemo();
const chapter = story("consent");
const STUDY = /^Khumalo, Thandi, XR chest PA, .*To read$/;
const PASSWORD = "amber lamp, dark room";

let desk: Person;
let teacher: Person;

chapter("a form is published; what is published can be read by everybody who records consent", async () => {
  desk = await enterBy("clinic");
  const { page } = desk;
  await page.goto("/admin/consent");
  await page.getByRole("button", { name: "Publish a version" }).click();
  const dialog = page.getByRole("dialog", { name: "Publish a version" });
  await dialog.getByLabel("Form").fill("insurer-claims");
  await dialog.getByLabel("Title").fill("My images for my insurer");
  await dialog
    .getByLabel("Text")
    .fill("My insurer may look at these images to decide on my claim.\n\nI can take this back at any time.");
  await dialog.getByRole("combobox", { name: "Purposes" }).press("ArrowDown");
  await page.getByRole("option", { name: "Insurer" }).click();
  await page.keyboard.press("Escape");
  await seesNoBarrier(page, "publishing a consent form");
  await dialog.getByRole("button", { name: "Publish a version" }).click();
  await page.getByText("Published.").waitFor();
  const row = page.getByRole("row").filter({ hasText: "My images for my insurer" });
  await row.getByRole("button", { name: "Read" }).click();
  const text = page.getByRole("dialog", { name: "My images for my insurer" });
  await text.getByText("I can take this back at any time.").waitFor();
  await text.getByText(/[0-9a-f]{64}/).waitFor();
  await seesNoBarrier(page, "a consent form");
  await page.keyboard.press("Escape");
});

chapter("for teaching nothing on record suffices, and the dialog says what is missing", async () => {
  const { page } = desk;
  await page.goto("/studies");
  const dialog = await openShareDialog(desk, STUDY, "XR chest PA");
  await dialog.getByLabel("For whom and why").fill("Umzimvubu teaching round");
  await dialog.getByRole("combobox", { name: "Purpose" }).selectOption({ label: "Teaching" });
  await dialog.getByRole("combobox", { name: "To open, they need" }).click();
  await page.getByRole("option", { name: "Password" }).click();
  await dialog.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await dialog.getByText("Not yet: Teaching needs a basis: the patient’s consent or an agreement.").waitFor();
  await dialog.getByText("Nothing on record carries this yet. You can record it now:").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Create link" }).isDisabled(), true);
  await seesNoBarrier(page, "share dialog without a basis");
  await picture(page, "share-refused");
});

chapter("consent is recorded in the same flow, and then carries it", async () => {
  const { page } = desk;
  const dialog = page.getByRole("dialog", { name: "Share XR chest PA" });
  await dialog.getByRole("button", { name: "Record consent at the desk" }).click();
  await dialog.getByRole("heading", { name: /^My images in teaching/ }).waitFor();
  await dialog.getByLabel("For this recipient only").fill("");
  await seesNoBarrier(page, "consent at the desk");
  await picture(page, "consent-desk");
  await dialog.getByRole("button", { name: "Yes, record consent" }).click();
  await dialog.getByText(/^Allowed: Teaching. Consent “My images in teaching .*” covers it./).waitFor();
  await dialog.getByRole("button", { name: "Create link" }).click();
  await dialog.getByText("The link is ready.").waitFor();
  const link = (await dialog.getByText(/^http:\/\/localhost:\d+\/l#/).textContent()) ?? "";
  await dialog.getByText("Tell the password apart: by telephone or in person.").waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();

  teacher = await Person.at(demo.url, PHONE);
  await teacher.page.goto(link);
  await teacher.page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await teacher.page.getByRole("button", { name: "Open the images" }).click();
  await teacher.page.getByText("For Umzimvubu teaching round").waitFor();
});

chapter("the patient withdraws: the page says what stops; the open link stops, the reading group goes on", async () => {
  const reader = await enterBy("radiologist");
  await rowOf(reader.page, STUDY).first().waitFor();
  const { page } = desk;
  const dialog = await openShareDialog(desk, STUDY, "XR chest PA");
  await dialog.getByRole("heading", { name: "Consents" }).waitFor();
  await dialog.getByText("1 access rests on it").waitFor();
  await dialog.getByRole("button", { name: /^Withdraw consent My images in teaching/ }).click();
  await dialog.getByText("What rests on it stops at the next request. Care that has another basis goes on.").waitFor();
  await dialog.getByLabel("In the patient’s words, if any").fill("I have changed my mind.");
  await dialog.getByRole("button", { name: "Withdraw", exact: true }).click();
  await dialog.getByText("Withdrawn. Stopped: Umzimvubu teaching round").waitFor();
  await seesNoBarrier(page, "after a withdrawal");
  await picture(page, "consent-withdrawn");

  teacher.expect(/status of 404/);
  await teacher.page.getByRole("button", { name: "Look at the image" }).first().click();
  await teacher.page.getByRole("heading", { name: "This link is not open." }).waitFor();
  await rowOf(reader.page, STUDY).first().dblclick();
  await reader.page.locator("canvas").first().waitFor();
});

chapter("both stand on the record", async () => {
  const { page } = desk;
  await page.goto("/audit");
  await page.getByLabel("Patient").fill("Khumalo");
  for (const what of ["recorded consent", "withdrew consent", "opened a link"])
    await page.getByRole("row").filter({ hasText: what }).first().waitFor();
});

chapter("no page complained", () => Person.leaveAll());
