import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { freePort, run } from "../support/dcmtk.ts";
import { seesNoBarrier } from "./support/axe.ts";
import { Person } from "./support/browser.ts";
import { Drag } from "./support/drop.ts";
import { picture } from "./support/picture.ts";
import { aloneIn, type Running, start } from "./support/program.ts";
import { drawInto, examinationOf, rowOf, showsImage } from "./support/steps.ts";
import { story } from "./support/story.ts";
import { codeOf } from "./support/totp.ts";

/**
 * A server of one's own from its first start, and story 11: it dies in the middle of an upload; what was acknowledged is there
 * after the restart, and the page goes on by itself.
 */
const chapter = story("story 11");
const PASSWORD = "one lamp is enough to see by";
let folder: string;
let env: Record<string, string>;
let server: Running;
let port: number;
let owner: Person;
let setupUrl: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "safelight-story-11-"));
  port = await freePort();
  env = { ...aloneIn(join(folder, "data")), SAFELIGHT_HTTP_PORT: String(port) };
  server = await start(["serve"], env);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

chapter("the first start prints a link; the page asks for the organisation and its first administrator", async () => {
  [setupUrl = ""] = /http:\/\/localhost:\d+\/setup#\S+/.exec(server.said()) ?? [];
  assert.ok(setupUrl, server.said());
  owner = await Person.at(`http://localhost:${port}`);
  const { page } = owner;
  await page.goto(setupUrl);
  await page.getByRole("heading", { name: "Set up Safelight" }).waitFor();
  assert.equal(new URL(page.url()).hash, "", "the secret left the address");
  await page.getByLabel("Organisation").fill("Umzimvubu Clinic");
  await page.getByRole("combobox", { name: "Country" }).fill("south a");
  await page.getByRole("option", { name: "South Africa" }).click();
  await page.getByLabel("Your name").fill("Naledi Dube");
  await page.getByLabel("Email").fill("desk@umzimvubu.example");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await seesNoBarrier(page, "set-up");
  await picture(page, "setup");
  await page.getByRole("button", { name: "Create" }).click();
});

chapter("set-up ends only when the recovery key is kept; then the second factor", async () => {
  const { page } = owner;
  await page.getByRole("heading", { name: "The recovery key" }).waitFor();
  const key = (await page.locator(".frame-key").textContent()) ?? "";
  assert.ok(key.length > 30, key);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as a file" }).click(),
  ]);
  assert.equal(file.suggestedFilename(), "safelight-recovery-key.txt");
  await seesNoBarrier(page, "recovery key");

  // Somebody closes the page before the key is kept: the link shows it once more.
  await page.goto("about:blank");
  await page.goto(setupUrl);
  await page.getByText("Set-up was interrupted before the recovery key was kept. It can be shown once more.").waitFor();
  await page.getByRole("button", { name: "Show the recovery key" }).click();
  assert.equal(await page.locator(".frame-key").textContent(), key);
  const finish = page.getByRole("button", { name: "Go on" });
  assert.equal(await finish.isDisabled(), true);
  await page.getByLabel("I have kept the recovery key in a safe place").check();
  await finish.click();

  await page.getByText("Safelight is set up already.").waitFor();
  await page.getByRole("link", { name: "Go to sign-in" }).click();
  await page.getByLabel("Email").fill("desk@umzimvubu.example");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Protect your account" }).waitFor();
  await page.getByText("Cannot scan? Enter this key by hand").click();
  await page.getByLabel("Six-digit code").fill(await codeOf((await page.locator(".frame-key").textContent()) ?? ""));
  await page.getByRole("button", { name: "I have kept them. Continue" }).click();
});

chapter("the empty list leads on: who works with images, and how the first study comes in", async () => {
  const { page } = owner;
  await page.getByRole("heading", { name: "No study yet." }).waitFor();
  assert.equal(
    await page.getByRole("button", { name: "Upload", exact: true }).count(),
    0,
    "an administrator uploads nothing",
  );
  await page.getByRole("link", { name: "People and their roles" }).click();
  const roles = page.getByRole("combobox", { name: "Roles: Naledi Dube" });
  for (const role of ["Radiographer", "Radiologist"]) {
    await roles.press("ArrowDown");
    await page.getByRole("option", { name: role }).click();
    await page.getByText("Roles changed.").first().waitFor();
  }
  await page.getByRole("link", { name: "Studies" }).click();
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  await page.getByText("SAFELIGHT", { exact: true }).waitFor();
  await page.getByText(String(server.ready.dicomTls), { exact: true }).waitFor();
  await seesNoBarrier(page, "empty list");
  await picture(page, "empty");
});

chapter(
  "the server dies in the middle of an upload; the page waits and goes on by itself after the restart",
  async () => {
    const { page } = owner;
    owner.expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    const paths = await drawInto(
      join(folder, "ct"),
      examinationOf("Nkosi^Ayanda", {
        label: "story-11-ct",
        description: "CT head, power cut",
        bodyPart: "HEAD",
        accession: "UMZ-0311960",
        contents: [
          {
            is: "ct-head",
            head: { brain: { atrophy: 0.25 } },
            pose: { turn: [1, 0, 2], move: [0, 0, 0], scale: 0.97 },
            step: 2,
            withThick: false,
          },
        ],
      }),
    );
    const line = await page.context().newCDPSession(page);
    await line.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 10,
      downloadThroughput: -1,
      uploadThroughput: 3_000_000,
    });
    await (await Drag.over(page, [join(folder, "ct")])).drop();
    const dialog = page.getByRole("dialog", { name: "Upload" });
    await dialog.getByLabel("I have compared name, number and date of birth with the patient or the request").check();
    await dialog.getByRole("button", { name: `Upload ${paths.length} files` }).click();
    await dialog.getByText(/[1-9]\d* stored/).waitFor();
    await server.kill();
    await dialog.getByText("No connection. It goes on by itself when the server answers again.").waitFor();
    const acknowledged = Number(/(\d+) stored/.exec((await dialog.textContent()) ?? "")?.[1]);
    assert.ok(acknowledged > 0 && acknowledged < paths.length, `${acknowledged} of ${paths.length}`);
    await seesNoBarrier(page, "an upload without a connection");

    server = await start(["serve"], env);
    await dialog.getByRole("heading", { name: "Done" }).waitFor();
    assert.equal(await dialog.getByText(/refused/).count(), 0);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await rowOf(page, /^Nkosi, Ayanda, CT head, power cut/).click();
    await page
      .getByRole("complementary", { name: "Preview" })
      .getByText(new RegExp(`^${paths.length} images`))
      .waitFor();
  },
);

chapter("the session is still there, the images can be seen, and the record verifies", async () => {
  const { page } = owner;
  await page.reload();
  await rowOf(page, /^Nkosi, Ayanda, CT head, power cut/).dblclick();
  await showsImage(page.locator("canvas").first(), "an image after the restart");
  const { code, output } = await run(process.execPath, ["bin/safelight.ts", "ledger", "verify"], env);
  assert.equal(code, 0, output);
});

chapter("the set-up link opens nothing any more", async () => {
  const late = await Person.at(`http://localhost:${port}`);
  await late.page.goto(setupUrl);
  await late.page.getByText("Safelight is set up already.").waitFor();
});

chapter("no page complained", () => Person.leaveAll());
