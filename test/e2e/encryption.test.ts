import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { seesNoBarrier } from "./support/axe.ts";
import { Person } from "./support/browser.ts";
import { sharedDemo } from "./support/demo.ts";
import { picture } from "./support/picture.ts";
import { enterBy } from "./support/steps.ts";
import { story } from "./support/story.ts";

/** The encryption page says what is so: each claim is compared with the wire, the folder or the file it speaks of. */
const demo = sharedDemo();
const chapter = story("encryption");
let administrator: Person;

chapter("each wire stands there as it is", async () => {
  administrator = await enterBy("clinic");
  const { page } = administrator;
  await page.goto("/admin/encryption");
  const wire = (name: string): ReturnType<Person["page"]["getByRole"]> =>
    page.getByRole("listitem").filter({ has: page.getByText(name, { exact: true }) });
  const dicom = wire("DICOM over TLS");
  await dicom.getByText("encrypted").waitFor();
  await dicom.getByText(`port ${demo.dicomTls}`).waitFor();
  await dicom.getByText((await certificateAt(demo.dicomTls)).fingerprint256).waitFor();
  await wire("Web and DICOMweb").getByText("plain, this machine only").waitFor();
  await wire("DICOM on this machine").getByText("off").waitFor();
  await wire("HL7 over TLS").getByText("off").waitFor();
  await page
    .getByText(/^Plain wires are open: Web and DICOMweb. They are reachable from this machine only.$/)
    .waitFor();
  await seesNoBarrier(page, "encryption");
  await picture(page, "encryption");
});

chapter("the stores count what lies in them, and name what is in clear", async () => {
  const { page } = administrator;
  const objects = (await readdir(join(demo.dataDir, "objects"), { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && entry.name !== "swept",
  ).length;
  const store = page.getByRole("listitem").filter({ hasText: "Images (folder)" });
  await store.getByText("AES-256-GCM, 64 KiB chunks").waitFor();
  const said = Number(/([\d,]+) sealed objects/.exec((await store.textContent()) ?? "")?.[1]?.replaceAll(",", ""));
  assert.ok(
    said > 0 && said <= objects,
    `the page counts ${said} objects of this organisation, the folder holds ${objects}`,
  );
  await page.getByText(/^Search columns only/).waitFor();
  await page.getByText("No backup has been made yet.").waitFor();
  await page.getByText(/^Master key/).waitFor();
});

chapter("no page complained", () => Person.leaveAll());

function certificateAt(port: number): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "localhost", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.end();
    });
    socket.once("error", reject);
  });
}
