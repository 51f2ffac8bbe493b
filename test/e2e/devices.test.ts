import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { type Finished, run } from "../support/dcmtk.ts";
import { seesNoBarrier } from "./support/axe.ts";
import { Person } from "./support/browser.ts";
import { sharedDemo } from "./support/demo.ts";
import { picture } from "./support/picture.ts";
import { drawInto, enterBy, examinationOf, rowOf } from "./support/steps.ts";
import { story } from "./support/story.ts";

/** A device is an AE title and a certificate: made on a page, tried with DCMTK as the page says, revoked on the page. */
const chapter = story("devices");
let folder: string;
let administrator: Person;
let images: string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "safelight-devices-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const send = (): Promise<Finished> =>
  run("storescu", [
    ...["+tls", join(folder, "us7.key.pem"), join(folder, "us7.crt.pem"), "+cf", join(folder, "safelight-ca.pem")],
    ...["-aet", "US7", "-aec", "SAFELIGHT", "localhost", String(sharedDemo().dicomTls)],
    ...images,
  ]);

chapter("a device is made; its key is shown once, beside what to enter at the device", async () => {
  administrator = await enterBy("clinic");
  const { page } = administrator;
  await page.goto("/admin/devices");
  await page.getByRole("row").filter({ hasText: "CT1" }).waitFor();
  await page.getByRole("button", { name: "Add a device" }).click();
  const form = page.getByRole("dialog", { name: "Add a device" });
  await form.getByLabel("AE title").fill("US7");
  await form.getByLabel("Description").fill("Ultrasound, room 7");
  await seesNoBarrier(page, "a new device");
  await form.getByRole("button", { name: "Create" }).click();

  const ready = page.getByRole("dialog", { name: "US7 is ready" });
  for (const name of ["Certificate", "Private key", "Our authority"]) {
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      ready.getByRole("button", { name, exact: true }).click(),
    ]);
    const path = join(folder, file.suggestedFilename());
    await file.saveAs(path);
    await chmod(path, 0o600);
  }
  await ready.getByText(`localhost ${sharedDemo().dicomTls} image.dcm`, { exact: false }).waitFor();
  await seesNoBarrier(page, "a device that is ready");
  await picture(page, "device");
  await ready.getByRole("button", { name: "Done" }).click();
});

chapter("what it sends with those files arrives, and the page says when it was last seen", async () => {
  images = await drawInto(
    join(folder, "images"),
    examinationOf("Khumalo^Thandi", {
      label: "devices-us",
      description: "US abdomen, room 7",
      bodyPart: "ABDOMEN",
      accession: "UMZ-0311950",
      contents: [{ is: "ultrasound", frames: 4 }],
    }),
  );
  const sent = await send();
  assert.equal(sent.code, 0, sent.output);
  const { page } = administrator;
  await page.reload();
  const row = page.getByRole("row").filter({ hasText: "US7" });
  await row.getByText("store", { exact: true }).waitFor();
  assert.equal(await row.getByText("never").count(), 0);
  await seesNoBarrier(page, "devices");
  await page.goto("/studies");
  await rowOf(page, /^Khumalo, Thandi, US abdomen, room 7/).waitFor();
});

chapter("one that brings its own certificate waits until it has called its one-time title", async () => {
  const vendor = await createAuthority({ name: "A vendor", now: new Date() });
  const own = await issueCertificate({
    ...{ authority: vendor, commonName: "MR8", usage: "client", days: 30, now: new Date() },
  });
  await writeFile(join(folder, "mr8.key.pem"), own.key, { mode: 0o600 });
  await writeFile(join(folder, "mr8.crt.pem"), own.cert);
  const calls = (title: string): Promise<Finished> =>
    run("echoscu", [
      ...["+tls", join(folder, "mr8.key.pem"), join(folder, "mr8.crt.pem"), "+cf", join(folder, "safelight-ca.pem")],
      ...["-aet", "MR8", "-aec", title, "localhost", String(sharedDemo().dicomTls)],
    ]);
  const { page } = administrator;
  await page.goto("/admin/devices");
  await page.getByRole("button", { name: "Add a device" }).click();
  const form = page.getByRole("dialog", { name: "Add a device" });
  await form.getByLabel("AE title").fill("MR8");
  await form.getByLabel("It has its own certificate").fill(own.cert);
  await form.getByRole("button", { name: "Create" }).click();
  const waits = page.getByRole("dialog", { name: "MR8 waits for its device" });
  const title = /PAIR-[A-Z2-7]{10}/.exec((await waits.textContent()) ?? "")?.[0] ?? "";
  await seesNoBarrier(page, "a device that waits");
  await picture(page, "device-waits");
  await waits.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row").filter({ hasText: "MR8" });
  await row.getByText(`waits for a C-ECHO to ${title}`).waitFor();
  await seesNoBarrier(page, "devices, one of which waits");
  assert.notEqual((await calls("SAFELIGHT")).code, 0);
  for (const called of [title, "SAFELIGHT"]) {
    const answered = await calls(called);
    assert.equal(answered.code, 0, answered.output);
  }
  await page.reload();
  await row.getByText(/^until /).waitFor();
});

chapter("revoked, it is refused at the next association, and the refusal is on the record", async () => {
  const { page } = administrator;
  await page.goto("/admin/devices");
  await page.getByRole("row").filter({ hasText: "US7" }).getByRole("button", { name: "Revoke" }).click();
  const sure = page.getByRole("dialog", { name: "Revoke US7?" });
  await sure.getByText("From the next association on it is refused. Studies it sent stay.").waitFor();
  await sure.getByRole("button", { name: "Revoke" }).click();
  await page
    .getByRole("row")
    .filter({ hasText: "US7" })
    .getByText(/^revoked /)
    .waitFor();
  const refused = await send();
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /Rejected|rejected/);
  await page.goto("/audit");
  for (const what of ["added a device", "revoked a device"])
    await page.getByRole("row").filter({ hasText: "Naledi Dube" }).filter({ hasText: what }).first().waitFor();
});

chapter("no page complained", () => Person.leaveAll());
