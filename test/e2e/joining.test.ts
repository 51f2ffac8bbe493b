import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { seesNoBarrier } from "./support/axe.ts";
import { Person } from "./support/browser.ts";
import { sharedDemo } from "./support/demo.ts";
import { enterBy, newestLetterTo } from "./support/steps.ts";
import { story } from "./support/story.ts";
import { codeOf } from "./support/totp.ts";

/** Somebody joins: invited by mail, a password, a second factor, backup codes, a passkey; and every way in afterwards. */
const demo = sharedDemo();
const chapter = story("joining");
const EMAIL = "carmen.reyes@umzimvubu.example";
const PASSWORD = "four quiet lamps in a row";

let administrator: Person;
let newcomer: Person;
let invitation: string;
let totpKey: string;
let backupCodes: string[];

chapter("an administrator invites by mail; the list says so", async () => {
  administrator = await enterBy("clinic");
  const { page } = administrator;
  await page.getByRole("link", { name: "Administration" }).click();
  await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Invite" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("Name").fill("Dr Carmen Reyes");
  await dialog.getByLabel("Email").fill(EMAIL);
  await seesNoBarrier(page, "invitation");
  await dialog.getByRole("button", { name: "Send invitation" }).click();
  await page.getByText(`Invitation sent to ${EMAIL}.`).waitFor();
  await page.getByRole("row").filter({ hasText: EMAIL }).getByText("invited").waitFor();
  await seesNoBarrier(page, "people");

  const letter = await newestLetterTo(administrator, EMAIL, /Umzimvubu Clinic|invit/i);
  [invitation = ""] = /http:\/\/localhost:\d+\/invite#\S+/.exec(letter) ?? [];
  assert.ok(invitation, letter);
});

chapter("the invited person looks, chooses a password and sets up the second factor", async () => {
  newcomer = await Person.at(demo.url);
  const { page } = newcomer;
  await page.goto(invitation);
  await page.getByRole("heading", { name: "Welcome to Umzimvubu Clinic" }).waitFor();
  await page.getByText("You are invited as Radiologist.").waitFor();
  assert.equal(new URL(page.url()).hash, "", "the secret left the address");
  assert.equal(await page.getByLabel("Email").inputValue(), EMAIL);
  const accept = page.getByRole("button", { name: "Take up the invitation" });
  await page.getByRole("textbox", { name: "Password" }).fill("too short");
  assert.equal(await accept.isDisabled(), true);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  assert.equal(await page.getByLabel("Your name").inputValue(), "Dr Carmen Reyes");
  await page.getByLabel("Your name").fill("Dr Carmen Reyes Soto");
  await seesNoBarrier(page, "invitation page");
  await accept.click();

  await page.getByRole("heading", { name: "Protect your account" }).waitFor();
  await page.getByRole("img", { name: "QR code with the key for your authenticator app" }).waitFor();
  await page.getByText("Cannot scan? Enter this key by hand").click();
  totpKey = (await page.locator(".frame-key").textContent()) ?? "";
  await seesNoBarrier(page, "enrolment of the second factor");
  newcomer.expect(/status of 401/);
  await page.getByLabel("Six-digit code").fill(await wrongCode());
  await page
    .getByRole("alert")
    .getByText(/^This code is not right/)
    .waitFor();
  await page.getByLabel("Six-digit code").fill(await codeOf(totpKey, -1));
  await page.getByRole("heading", { name: "Keep these codes" }).waitFor();
  backupCodes = await page.locator(".frame-codes span").allTextContents();
  assert.ok(backupCodes.length >= 8, `${backupCodes.length} codes`);
  await seesNoBarrier(page, "backup codes");
  await page.getByRole("button", { name: "I have kept them. Continue" }).click();
  await page.getByRole("grid", { name: "Studies" }).waitFor();
});

chapter("the invitation worked once", async () => {
  const another = await Person.at(demo.url);
  another.expect(/status of 404/);
  await another.page.goto(invitation);
  await another.page.getByText("This invitation is not open any more.", { exact: false }).waitFor();
  await another.leave();
  await administrator.page.reload();
  await administrator.page.getByRole("row").filter({ hasText: EMAIL }).getByText("active").waitFor();
});

chapter("what they are called is theirs to change", async () => {
  const { page } = newcomer;
  await toAccount(page);
  const change = page.getByRole("button", { name: "Change my name" });
  assert.equal(await page.getByLabel("My name").inputValue(), "Dr Carmen Reyes Soto");
  assert.equal(await change.isDisabled(), true);
  await page.getByLabel("My name").fill("Dr Carmen Soto");
  await change.click();
  await page.getByRole("heading", { name: "Dr Carmen Soto", level: 1 }).waitFor();
  await seesNoBarrier(page, "own name");
  await administrator.page.reload();
  await administrator.page.getByRole("row").filter({ hasText: EMAIL }).getByText("Dr Carmen Soto").waitFor();
});

chapter("they add a passkey of their device", async () => {
  const { page } = newcomer;
  await giveAuthenticator(page);
  await toAccount(page);
  await page.getByText("No passkey yet.").waitFor();
  await page.getByRole("button", { name: "Add a passkey of this device" }).click();
  await page.getByText("Passkey added.").waitFor();
  await page.getByText(/^This device/).waitFor();
  await seesNoBarrier(page, "account");
});

chapter("they sign out, and in again by the passkey alone", async () => {
  const { page } = newcomer;
  await signOut(page);
  await page.goto("/signin");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("grid", { name: "Studies" }).waitFor();
  await toAccount(page);
  await page.getByText("Signed in with passkey.").waitFor();
});

chapter("by password and code; a code works once, a backup code in its place", async () => {
  const { page } = newcomer;
  await signOut(page);
  await byPassword(page, "not the password");
  await page.getByRole("alert").getByText("E-mail or password is not right.").waitFor();
  await byPassword(page, PASSWORD);
  await page.getByRole("heading", { name: "Your code" }).waitFor();
  await seesNoBarrier(page, "the second factor");
  const code = await codeOf(totpKey);
  await page.getByLabel("Six-digit code").fill(code);
  await page.getByRole("grid", { name: "Studies" }).waitFor();
  await toAccount(page);
  await page.getByText("Signed in with password and code.").waitFor();

  await signOut(page);
  await byPassword(page, PASSWORD);
  await page.getByLabel("Six-digit code").fill(code);
  await page
    .getByRole("alert")
    .getByText(/it was used already/)
    .waitFor();
  await page.getByRole("button", { name: "Use a backup code instead" }).click();
  await page.getByLabel("Backup code").fill(backupCodes[0] ?? "");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("grid", { name: "Studies" }).waitFor();
});

chapter("whoever leaves is dismissed: their open page ends at its next request", async () => {
  const { page } = administrator;
  await page.getByRole("row").filter({ hasText: EMAIL }).getByRole("button", { name: "Dismiss" }).click();
  const sure = page.getByRole("dialog", { name: "Dismiss Dr Carmen Soto?" });
  await sure.getByText("All sessions here end at once.", { exact: false }).waitFor();
  await sure.getByRole("button", { name: "Dismiss" }).click();
  await page.getByRole("row").filter({ hasText: EMAIL }).getByText("dismissed").waitFor();
  await newcomer.page.getByRole("link", { name: "Safelight" }).click();
  await newcomer.page.reload();
  await newcomer.page.getByRole("heading", { name: "Sign in" }).waitFor();
});

chapter("no page complained", () => Person.leaveAll());

/** Six digits that are none of the three codes which are taken now. */
async function wrongCode(): Promise<string> {
  const right = await Promise.all([-1, 0, 1].map((ahead) => codeOf(totpKey, ahead)));
  return ["000000", "111111", "222222", "333333"].find((code) => !right.includes(code)) ?? "";
}

/** WebAuthn level 3 §11: the browser's own virtual authenticator, with a person who is there and verified. */
async function giveAuthenticator(page: Page): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  await browser.send("WebAuthn.enable");
  await browser.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

async function toAccount(page: Page): Promise<void> {
  await page.getByRole("button", { name: /My account/ }).click();
  await page.getByRole("menuitem", { name: "My account" }).click();
  await page.getByRole("heading", { name: "Passkeys" }).waitFor();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /My account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Four people, one study." }).waitFor();
}

async function byPassword(page: Page, password: string): Promise<void> {
  if (!page.url().includes("/signin")) await page.goto("/signin");
  await page.getByLabel("Email").fill(EMAIL);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
