import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { DEMO_STUDIES } from "#phantoms/demo-studies.ts";
import { generateStudy } from "#phantoms/generate.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { uid } from "#standards/dicom/values.ts";
import { Person } from "../e2e/support/browser.ts";
import { picture } from "../e2e/support/picture.ts";
import { DATA, filesBelow } from "../support/data.ts";
import { drawnByOthers, likenesses, type Picture } from "../support/likeness.ts";
import { type Asked, OhifTab, serverWithOhif } from "../support/ohif.ts";
import type { TestServer } from "../support/server.ts";

/**
 * Acceptance 8: OHIF, as its project publishes it, opens a CT, an MR and a colour ultrasound from our DICOMweb and shows the images,
 * native and in each compression that real data has. What its canvas holds is compared with what GDCM decodes and DCMTK draws.
 */

type Sample = { name: string; clinic: string; files: readonly string[]; frames: number };

const sample = (name: string, clinic: string, files: readonly string[], frames = 1): Sample => ({
  name,
  clinic,
  files,
  frames,
});
const inData = (name: string): string[] => [join(DATA, "dicom", name)];

/** The same studies come in several compressions: each has a clinic of its own. Of loops the first frames are looked for. */
const samples = (loop: string): Sample[] => [
  sample("a CT of five slices, native", "JPEG 2000", filesBelow("dicom/ct-lidc-0314").slice(0, 5)),
  sample("a CT in JPEG 2000", "JPEG 2000", inData("wg04/CT1_J2KR")),
  sample("a CT in JPEG lossless", "JPEG", inData("wg04/CT1_JPLL")),
  sample("a CT in JPEG-LS", "JPEG-LS", inData("wg04/CT1_JLSL")),
  sample("a CT in RLE", "RLE", inData("wg04/CT1_RLE")),
  sample("an MR of four slices, native", "JPEG 2000", filesBelow("dicom/mr-doe-16").slice(0, 4)),
  sample("an MR in JPEG 2000", "JPEG 2000", inData("wg04/MR1_J2KR")),
  sample("an MR in JPEG lossless", "JPEG", inData("wg04/MR3_JPLL")),
  sample("an MR in JPEG-LS", "JPEG-LS", inData("wg04/MR1_JLSL")),
  sample("an MR in RLE", "RLE", inData("wg04/MR3_RLE")),
  sample("a colour ultrasound loop, native", "JPEG", [loop], 3),
  sample("a colour ultrasound loop in JPEG", "JPEG", inData("us/I_000001.dcm"), 3),
  sample("a colour ultrasound in JPEG 2000", "JPEG 2000", inData("wg04/US1_J2KI")),
  sample("a palette ultrasound loop in JPEG-LS", "JPEG-LS", inData("us/jpeg-ls-Palette.dcm"), 3),
  sample("a palette ultrasound loop in RLE", "RLE", inData("us/OBXXXX1A_rle_2frame.dcm"), 2),
];

let server: TestServer;
let ohif: string;
let folder: string;
let reader: Person;
const asked: Asked[] = [];
const tokens = new Map<string, string>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "safelight-ohif-"));
  ({ server, ohif } = await serverWithOhif());
  await Promise.all(
    ["JPEG 2000", "JPEG", "JPEG-LS", "RLE"].map(async (name) =>
      tokens.set(name, await server.token(await server.organisation(name))),
    ),
  );
  reader = await Person.at(ohif);
});

after(async () => {
  await server.remove();
  await rm(folder, { recursive: true, force: true });
});

const tokenOf = (clinic: string): string => tokens.get(clinic) ?? "";

/** Stores the files in that clinic; answers their study. */
async function stored(clinic: string, files: readonly string[]): Promise<string> {
  let study = "";
  for (const file of files) {
    const body = await readFile(file);
    const headers = { authorization: `Bearer ${tokenOf(clinic)}`, "content-type": "application/dicom" };
    const answer = await fetch(`${server.url}/dicomweb/studies`, { method: "POST", headers, body });
    assert.equal(answer.status, 200, `${basename(file)}: STOW-RS answers ${answer.status}`);
    study = uid(readPart10(body).dataSet, 0x0020000d) ?? "";
  }
  return study;
}

/** The demonstration's colour loop, a third of it. */
async function phantomLoop(): Promise<string> {
  const recipe = DEMO_STUDIES.find(({ contents }) => contents[0]?.is === "ultrasound");
  assert.ok(recipe);
  const [loop] = generateStudy(
    { ...recipe, contents: [{ is: "ultrasound", frames: 12 }] },
    { seed: "ohif", now: new Date(2026, 0, 2, 10) },
  );
  assert.ok(loop);
  const file = join(folder, "loop.dcm");
  await writeFile(file, loop.part10);
  return file;
}

/** Which of the pictures the screen is most like, and how much. */
function closest(screen: Picture, pictures: readonly Picture[]) {
  return likenesses(screen, pictures)
    .map((one, at) => ({ at, ...one }))
    .reduce((best, one) => (one.structure > best.structure ? one : best));
}

test("OHIF shows CT, MR and colour ultrasound, native and in each compression, as others decode them, and pages on", async (t) => {
  const loop = await phantomLoop();
  const all = samples(loop);
  for (const { name, clinic, files, frames } of all) {
    await t.test(name, async () => {
      const study = await stored(clinic, files);
      const pictures: Picture[] = [];
      for (const file of files) {
        for (let frame = 1; frame <= frames; frame++) pictures.push(await drawnByOthers(file, frame));
      }
      const tab = new OhifTab(await reader.context.newPage(), asked);
      await tab.page.goto(`${ohif}/viewer?StudyInstanceUIDs=${study}#token=${tokenOf(clinic)}`);
      const shows = (wanted: (at: number) => boolean) => (screen: Picture) => {
        const { at, structure, colour, contrast } = closest(screen, pictures);
        if (contrast < 10) return `the screen is blank (contrast ${contrast.toFixed(1)})`;
        if (structure < 0.99) return `it is like none of the ${pictures.length} pictures (${structure.toFixed(3)})`;
        if (colour !== undefined && colour < 0.95) return `its colours are not the picture's (${colour.toFixed(3)})`;
        return wanted(at) ? null : `it is picture ${at}`;
      };
      const first = closest(await tab.until(shows(() => true)), pictures).at;
      assert.ok(!tab.page.url().includes(tokenOf(clinic)), "the token stays in the address");
      await tab.settle();
      if (files.includes(loop)) await picture(tab.page, "ohif");
      if (pictures.length > 1) await tab.pageOn(shows((at) => at !== first));
      await tab.page.close();
    });
  }
});

/** The patients whose studies a clinic has, as OHIF writes their names. */
async function patientsOf(clinic: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${tokenOf(clinic)}` };
  const rows = (await (await fetch(`${server.url}/dicomweb/studies`, { headers })).json()) as {
    "00100010": { Value: [{ Alphabetic: string }] };
  }[];
  return rows.map((row) => row["00100010"].Value[0].Alphabetic.split("^").filter(Boolean).join(", "));
}

test("OHIF's study list shows the patients of the token's organisation and no other's", async () => {
  const [mine, theirs] = [await patientsOf("JPEG-LS"), await patientsOf("JPEG")];
  const foreign = theirs.filter((name) => !mine.includes(name));
  assert.ok(mine.length >= 3 && foreign.length > 0);
  const { page } = new OhifTab(reader.page, asked);
  const row = (name: string) => page.getByText(name, { exact: true }).first();
  await page.goto(`${ohif}/#token=${tokenOf("JPEG-LS")}`);
  for (const name of mine) await row(name).waitFor();
  for (const name of foreign) assert.equal(await row(name).count(), 0, "a patient of another clinic is listed");
  await page.goto(`${ohif}/#token=${tokenOf("JPEG")}`); // another token in the same tab
  for (const name of foreign) await row(name).waitFor();
});

test("everything OHIF asked for was answered, as it asked for it", async () => {
  const wrong = asked.filter(({ status }) => status !== 200 && status !== 204);
  assert.deepEqual(wrong, []);
  const levels = [/^studies\?/, /\/series\?/, /\/metadata$/, /\/frames\/\d+$/, /\/thumbnail\?/];
  for (const level of levels)
    assert.ok(
      asked.some((one) => level.test(one.path)),
      `OHIF never asked ${level}`,
    );
  for (const { path, accept, answered } of asked) {
    if (answered === "") continue;
    const wanted = accept.split(";")[0] ?? "";
    assert.ok(answered.startsWith(wanted), `${path}: asked for ${accept}, got ${answered}`);
  }
  await reader.leave(); // fails when its pages complained
});

test("without a token, and with one that was never given, OHIF shows no study", async () => {
  const study = await stored("JPEG", inData("us/I_000001.dcm"));
  for (const fragment of ["", `#token=${tokenOf("JPEG").slice(0, -4)}AAAA`]) {
    const stranger = await Person.at(ohif);
    stranger.expect(/401|sign-in\.required|request failed/); // OHIF says aloud what it was refused
    const theirs = new OhifTab(stranger.page);
    const refused = stranger.page.waitForResponse((response) => response.url().includes("/dicomweb/"));
    await stranger.page.goto(`${ohif}/viewer?StudyInstanceUIDs=${study}${fragment}`);
    await refused;
    await stranger.page.waitForLoadState("networkidle");
    assert.deepEqual([...new Set(theirs.asked.map(({ status }) => status))], [401]);
    assert.equal(await theirs.screen(), null);
    await stranger.leave();
  }
});
