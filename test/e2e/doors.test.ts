import assert from "node:assert/strict";
import { seesNoBarrier } from "./support/axe.ts";
import { Person, PHONE } from "./support/browser.ts";
import { sharedDemo } from "./support/demo.ts";
import { picture } from "./support/picture.ts";
import { rowOf, showsImage } from "./support/steps.ts";
import { story } from "./support/story.ts";
import { codeOf } from "./support/totp.ts";

/** The demonstration: four doors, one step each; and the printed login for whoever would rather sign in. */
const demo = sharedDemo();
const chapter = story("doors");

chapter("four doors stand on the first page", async () => {
  const { page } = await Person.at(demo.url);
  await page.goto("/");
  for (const name of ["The patient", "The referring doctor", "The radiologist", "The clinic"])
    await page.getByRole("button", { name: new RegExp(`^${name}`) }).waitFor();
  await seesNoBarrier(page, "doors");
  await picture(page, "doors");
});

chapter("the patient's door leads to her link, on a phone", async () => {
  const { page } = await Person.at(demo.url, PHONE);
  await page.goto("/");
  await seesNoBarrier(page, "doors on a phone");
  await page.getByRole("button", { name: /^The patient/ }).tap();
  await page.getByRole("heading", { name: "Umzimvubu Clinic has shared images with you." }).waitFor();
  await page.getByLabel("Day").fill("19");
  await page.getByLabel("Month").fill("4");
  await page.getByLabel("Year").fill("1987");
  await page.getByRole("button", { name: "Open the images" }).tap();
  await page.getByText("A doctor has read these images and written a report.").waitFor();
});

chapter("the doors open by the keyboard alone, each to the list of its person", async () => {
  for (const [door, studies] of [
    ["The referring doctor", /^Nkosi, Ayanda, CT head without contrast/],
    ["The radiologist", /^Botha, Annelie/],
    ["The clinic", /^Khumalo, Thandi, XR chest PA/],
  ] as const) {
    const { page } = await Person.at(demo.url);
    await page.goto("/");
    await page.getByRole("button", { name: new RegExp(`^${door}`) }).focus();
    await page.keyboard.press("Enter");
    await rowOf(page, studies).first().waitFor();
    await seesNoBarrier(page, `study list of ${door}`);
    if (door === "The radiologist") await picture(page, "worklist");
  }
});

chapter("the printed login opens the study list, and a study opens to its images", async () => {
  const { page } = await Person.at(demo.url);
  const { email, password, totpSecret } = demo.logins.referrer;
  await page.goto("/");
  await page.getByRole("link", { name: "Sign in instead" }).click();
  await page.getByLabel("Email").fill(email);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Six-digit code").fill(await codeOf(totpSecret));
  const list = page.getByRole("grid", { name: "Studies" });
  await list.waitFor();
  await rowOf(page, /^Nkosi, Ayanda, CT head without contrast, .*Final$/)
    .first() // the newest stands first; its prior is final too
    .click();
  await list.press("Enter");
  await showsImage(page.locator("canvas").first(), "the referring doctor's screen");
  await page.getByText(/^Acute right subdural haematoma/).waitFor();
});

chapter("whoever is nobody is led to the doors or to sign in, and back to where they wanted to go", async () => {
  const stranger = await Person.at(demo.url);
  stranger.expect(/status of 401/);
  await stranger.page.goto("/audit");
  await stranger.page.getByRole("heading", { name: "Sign in" }).waitFor();
  await seesNoBarrier(stranger.page, "sign-in");
  assert.equal(new URL(stranger.page.url()).searchParams.get("to"), "/audit");
});

chapter("no page complained", () => Person.leaveAll());
