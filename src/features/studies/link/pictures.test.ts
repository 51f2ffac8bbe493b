import assert from "node:assert/strict";
import { before, test } from "node:test";
import sharp from "sharp";
import yauzl from "yauzl";
import type { LinkStudy, ReportForPatient } from "#contract/sharing.ts";
import { linkSession } from "#features/sharing/link-actions.ts";
import type { LinkNeeds } from "#features/studies/link/door.ts";
import { linkDownload } from "#features/studies/link/download.ts";
import { pdfPage } from "#phantoms/documents/pdf.ts";
import type { Database } from "#platform/postgres/db.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { anOrganisation, ORIGIN } from "../../../../test/support/people.ts";
import {
  aBrowser,
  aColleague,
  anImage,
  aStudy,
  type Caller,
  type SharingHouse,
  sharingHouse,
  type TestStudy,
} from "../../../../test/support/sharing.ts";

/** What holders of links get to see, and what no route gives them. */
const PASSWORD = "correct-horse-1";
const REPORT: typeof ReportForPatient._output = {
  status: "final",
  signedAt: null,
  author: "Dr A",
  text: { indication: "", comparison: "", findings: "", impression: "Nothing." },
};

let database: Database;
let house: SharingHouse;
let organisation: string;
let sender: Caller;
/** The studies whose reports were read, in turn. */
const read: string[] = [];

before(async () => {
  database = await testDatabase();
  house = await sharingHouse(database, {
    reports: {
      read: (_who, _owner, study) => {
        read.push(study);
        return Promise.resolve(REPORT);
      },
      print: async (_who, _owner, _study, reply) => {
        await reply.type("application/pdf").send("%PDF");
        return reply;
      },
    },
  });
  organisation = await anOrganisation(house.world);
  sender = house.as(await aColleague(house.world, organisation, ["radiologist"]));
});

type Opened = { browser: Caller; study: LinkStudy; link: string; grant: string; secret: string };

async function open(of: TestStudy, over: Record<string, unknown> = {}): Promise<Opened> {
  const made = await sender.post(`/api/studies/${organisation}/${of.id}/share`, {
    subject: { kind: "link", recipient: "Dr B. Fourie" },
    purpose: "second-opinion",
    basis: { kind: "own-care" },
    challenge: { kind: "password", password: PASSWORD },
    ...over,
  });
  assert.equal(made.statusCode, 201, made.body);
  const { grant, link } = made.json<{ grant: string; link: { id: string; url: string } }>();
  const browser = aBrowser(house);
  const [, secret = ""] = link.url.split("#");
  const answer = await browser.post("/api/link/open", { secret, answer: PASSWORD });
  assert.equal(answer.statusCode, 200, answer.body);
  return { browser, study: answer.json<LinkStudy>(), link: link.id, grant, secret };
}

const idOf = (study: LinkStudy, at = 0): string => study.series.flatMap((series) => series.instances)[at]?.id ?? "";

test("a view-only link names nothing of the study beyond its overlay, and gives no byte of its objects", async () => {
  const study = await aStudy(house.world, organisation, [anImage(32, 1)], {
    AccessionNumber: "UMZ-0311924",
    PatientID: "448120-X",
  });
  const { browser, study: shown } = await open(study);
  const said = JSON.stringify(shown);
  for (const hidden of [study.uid, "448120-X", "UMZ-0311924", "19870419", "1.2.840"])
    assert.ok(!said.includes(hidden), hidden);
  assert.equal((await browser.get("/api/link/download")).statusCode, 404);
  for (const path of [
    `studies/${study.uid}`,
    `instances/${idOf(shown)}`,
    `frames/${idOf(shown)}/1/raw`,
    `frames/${idOf(shown)}`,
    `metadata/${idOf(shown)}`,
  ])
    assert.equal((await browser.get(`/api/link/${path}`)).statusCode, 404, path);
});

test("pictures come as marked eight-bit JPEG in the study's few windows; every other window is refused", async () => {
  const study = await aStudy(house.world, organisation, [anImage(256, 1)]);
  const { browser, study: shown } = await open(study);
  assert.deepEqual(
    shown.windows.map(({ key }) => key),
    ["default", "brain", "soft", "lung", "bone"],
  );
  const seen = new Set<string>();
  for (const { key } of shown.windows) {
    const picture = await browser.get(`/api/link/frames/${idOf(shown)}/1?window=${key}`);
    assert.equal(picture.statusCode, 200);
    const { format, depth, width, height } = await sharp(picture.rawPayload).metadata();
    assert.deepEqual([format, depth, width, height], ["jpeg", "uchar", 256, 256]);
    seen.add(picture.rawPayload.toString("base64"));
  }
  assert.equal(seen.size, shown.windows.length, "also the default, the soft window here, has a noise of its own");
  for (const bad of ["40,400", "center", "brain&window=lung", "../x", "Brain"])
    assert.equal((await browser.get(`/api/link/frames/${idOf(shown)}/1?window=${bad}`)).statusCode, 404, bad);
  assert.equal((await browser.get(`/api/link/frames/${idOf(shown)}/1?window=brain%00`)).statusCode, 400, "U+0000");
  for (const bad of ["0", "2", "-1", "1.5", "1e0", "999999999", "one", "1,1"])
    assert.equal((await browser.get(`/api/link/frames/${idOf(shown)}/${bad}`)).statusCode, 404, bad);
});

test("the mark changes the whole picture: the same image under two links is two pictures", async () => {
  const study = await aStudy(house.world, organisation, [anImage(256, 1)]);
  const pictures: Buffer[] = [];
  for (const recipient of ["Dr B. Fourie", "Dr C. Naidoo"]) {
    const { browser, study: shown } = await open(study, { subject: { kind: "link", recipient } });
    const answer = await browser.get(`/api/link/frames/${idOf(shown)}/1`);
    pictures.push(await sharp(answer.rawPayload).greyscale().raw().toBuffer());
  }
  const [one = Buffer.of(), two = Buffer.of()] = pictures;
  const rows = Array.from({ length: 4 }, (_, quarter) => {
    const from = quarter * 64 * 256;
    return one.subarray(from, from + 64 * 256).equals(two.subarray(from, from + 64 * 256));
  });
  assert.deepEqual(rows, [false, false, false, false], "no quarter of the picture is without it");
});

test("the same session gets the same picture again, another session of the same link another one", async () => {
  const study = await aStudy(house.world, organisation, [anImage(256, 1)]);
  const { browser, study: shown, secret } = await open(study);
  const another = aBrowser(house);
  assert.equal((await another.post("/api/link/open", { secret, answer: PASSWORD })).statusCode, 200);
  const ask = async (who: typeof browser) => (await who.get(`/api/link/frames/${idOf(shown)}/1`)).rawPayload;
  const [one, again, other] = [await ask(browser), await ask(browser), await ask(another)];
  assert.ok(one.length > 0 && one.equals(again));
  assert.ok(other.length > 0 && !one.equals(other));
});

test("a sweep over everything a link may ask for does not rebuild the pixels", async () => {
  const image = anImage(128, 7);
  const stored = new Int16Array((image.attributes["PixelData:OW"] as Uint8Array).buffer);
  const { browser, study: shown } = await open(await aStudy(house.world, organisation, [image]));
  const windows = { brain: [40, 80], soft: [40, 400], lung: [-600, 1500], bone: [480, 2500] } as const;
  const estimates: { low: number; high: number; level: number; grey: Buffer }[] = [];
  for (const [key, [center, width]] of Object.entries(windows)) {
    const answer = await browser.get(`/api/link/frames/${idOf(shown)}/1?window=${key}`);
    const grey = await sharp(answer.rawPayload).greyscale().raw().toBuffer();
    estimates.push({ low: center - width / 2, high: center + width / 2, level: width / 255, grey });
  }
  let exact = 0;
  for (const [at, value] of stored.entries()) {
    // the finest window that is neither black nor white there: the best that all pictures together can say
    const best = estimates.find(({ grey }) => (grey[at] ?? 0) > 2 && (grey[at] ?? 0) < 253) ?? estimates.at(-1);
    const guess = Math.round((best?.low ?? 0) + (best?.grey[at] ?? 0) * (best?.level ?? 0));
    if (guess === value) exact++;
  }
  assert.ok(exact / stored.length < 0.05, `${((exact / stored.length) * 100).toFixed(1)} % of the pixels were found`);
});

test("pictures are paid from a budget of four a frame and some: when it is spent the link rests", async () => {
  const study = await aStudy(house.world, organisation, [anImage(32, 1), anImage(32, 2)]);
  const { browser, study: shown, link } = await open(study);
  assert.equal(shown.framesLeft, 2 * 4 + 100);
  await database.owner.query("update link_session set frames_left = 2 where link = $1", [link]);
  const picture = () => browser.get(`/api/link/frames/${idOf(shown)}/1`);
  assert.deepEqual([(await picture()).statusCode, (await picture()).statusCode], [200, 200]);
  assert.equal((await picture()).statusCode, 429);
  assert.equal((await browser.get(`/api/link/thumbnail/${idOf(shown)}`)).statusCode, 429);
  assert.equal((await browser.get("/api/link/study")).statusCode, 200, "what is no picture goes on");
});

test("opening a link again gives no new budget for the day", async () => {
  const { browser, study: shown, link } = await open(await aStudy(house.world, organisation));
  const picture = () => browser.get(`/api/link/frames/${idOf(shown)}/1`);
  assert.equal((await picture()).statusCode, 200);
  await database.owner.query("update link set frames_used = frames_limit where id = $1", [link]);
  assert.equal((await picture()).statusCode, 429);
  await database.owner.query("update link set frames_day = current_date - 1 where id = $1", [link]);
  assert.equal((await picture()).statusCode, 200, "the next day it goes on");
});

test("a link shows its own study's images and, where priors were shared, theirs; nothing else of the patient", async () => {
  const about = { PatientID: "PRIOR-1" };
  const old = await aStudy(house.world, organisation, [anImage(32, 3)], {
    ...about,
    StudyDate: "20240101",
    StudyDescription: "CT before",
  });
  const later = await aStudy(house.world, organisation, [anImage(32, 5)], { ...about, StudyDate: "20270101" });
  const study = await aStudy(house.world, organisation, [anImage(32, 4)], about);
  const alone = await open(study);
  assert.deepEqual(alone.study.priors, []);
  const withPriors = await open(study, { withPriors: true });
  assert.deepEqual(
    withPriors.study.priors.map(({ id }) => id),
    [old.id],
  );
  const prior = (await withPriors.browser.get(`/api/link/study?study=${old.id}`)).json<LinkStudy>();
  assert.equal(prior.description, "CT before");
  assert.equal((await withPriors.browser.get(`/api/link/frames/${idOf(prior)}/1`)).statusCode, 200);
  assert.equal((await alone.browser.get(`/api/link/frames/${idOf(prior)}/1`)).statusCode, 404);
  assert.equal((await alone.browser.get(`/api/link/study?study=${old.id}`)).statusCode, 404);
  for (const other of [later.id, organisation, "x"])
    assert.equal((await withPriors.browser.get(`/api/link/study?study=${other}`)).statusCode, 404);
});

test("studies without a Patient ID are nobody's priors: strangers are not one patient", async () => {
  const nameless = { PatientID: "", PatientName: "Anonymized" };
  await aStudy(house.world, organisation, [anImage(32, 3)], { ...nameless, StudyDate: "20240101" });
  const study = await aStudy(house.world, organisation, [anImage(32, 4)], nameless);
  assert.deepEqual((await open(study, { withPriors: true })).study.priors, []);
});

test("outside CT the picture is bent brighter or darker, and colour is shown in colour", async () => {
  const size = 16;
  const rgb = Uint8Array.from({ length: size * size * 3 }, (_, at) => (at % 3 === 0 ? 200 : 40));
  const colour = {
    sopClass: "1.2.840.10008.5.1.4.1.1.6.1",
    attributes: {
      ...{
        Modality: "US",
        SamplesPerPixel: 3,
        PhotometricInterpretation: "RGB",
        PlanarConfiguration: 0,
        Rows: size,
        Columns: size,
      },
      ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
      "PixelData:OB": rgb,
    },
  };
  const { browser, study: shown } = await open(await aStudy(house.world, organisation, [colour]));
  assert.deepEqual(
    shown.windows.map(({ key }) => key),
    ["default", "brighter", "darker"],
  );
  const mean = async (key: string): Promise<number[]> => {
    const { rawPayload } = await browser.get(`/api/link/frames/${idOf(shown)}/1?window=${key}`);
    return (await sharp(rawPayload).stats()).channels.map((channel) => channel.mean);
  };
  const [normal, brighter, darker] = [await mean("default"), await mean("brighter"), await mean("darker")];
  assert.ok((normal[0] ?? 0) > (normal[1] ?? 0) + 50, "red stays red");
  assert.ok((brighter[1] ?? 0) > (normal[1] ?? 0) + 5 && (darker[1] ?? 0) < (normal[1] ?? 0) - 5);
});

test("a PDF and a structured report are pictures of pages, with the mark; their text leaves on no route", async () => {
  const pdf = {
    sopClass: "1.2.840.10008.5.1.4.1.1.104.1",
    attributes: {
      ...{ Modality: "DOC", MIMETypeOfEncapsulatedDocument: "application/pdf" },
      "EncapsulatedDocument:OB": pdfPage("Letter", [{ text: "Dear colleague", size: 12, x: 56, y: 100 }], [120]),
    },
  };
  const code = (meaning: string) => [{ CodeValue: "1", CodingSchemeDesignator: "99T", CodeMeaning: meaning }];
  const report = {
    sopClass: "1.2.840.10008.5.1.4.1.1.88.11",
    attributes: {
      ...{ Modality: "SR", ValueType: "CONTAINER", ConceptNameCodeSequence: code("Radiology report") },
      ContentSequence: [
        { ValueType: "TEXT", ConceptNameCodeSequence: code("Finding"), TextValue: "<script>alert(1)</script> & more" },
      ],
    },
  };
  const broken = {
    ...pdf,
    attributes: { ...pdf.attributes, "EncapsulatedDocument:OB": Buffer.from("not a PDF at all") },
  };
  const { browser, study: shown } = await open(await aStudy(house.world, organisation, [pdf, report, broken]));
  const instances = shown.series.flatMap((series) => series.instances);
  assert.deepEqual(
    instances.map(({ kind, frames }) => [kind, frames]),
    [
      ["document", 1],
      ["document", 1],
      ["other", 0],
    ],
  );
  for (const at of [0, 1]) {
    const page = await browser.get(`/api/link/document/${idOf(shown, at)}/1`);
    assert.equal(page.headers["content-type"], "image/png");
    const { width, height } = await sharp(page.rawPayload).metadata();
    assert.ok(width > 1000 && height > 1500);
    const { data } = await sharp(page.rawPayload).greyscale().raw().toBuffer({ resolveWithObject: true });
    assert.ok(data.some((value) => value < 60) && data.some((value) => value > 150 && value < 250), "letters and mark");
    assert.equal((await browser.get(`/api/link/document/${idOf(shown, at)}/2`)).statusCode, 404);
    assert.equal((await browser.get(`/api/link/frames/${idOf(shown, at)}/1`)).statusCode, 404);
  }
  assert.equal((await browser.get(`/api/link/document/${idOf(shown, 2)}/1`)).statusCode, 404);
});

test("a loop says how many frames it has and how fast it runs", async () => {
  const frames = 3;
  const loop = anImage(16, 2);
  const one = loop.attributes["PixelData:OW"] as Uint8Array;
  const pixels = Buffer.concat(Array.from({ length: frames }, () => one));
  const attributes = { ...loop.attributes, NumberOfFrames: frames, FrameTime: 40, "PixelData:OW": pixels };
  const study = await aStudy(house.world, organisation, [{ ...loop, attributes }]);
  const { browser, study: shown } = await open(study);
  const [instance] = shown.series[0]?.instances ?? [];
  assert.deepEqual([instance?.kind, instance?.frames, instance?.cine], ["image", 3, 25]);
  assert.equal((await browser.get(`/api/link/frames/${idOf(shown)}/3`)).statusCode, 200);
  assert.equal((await browser.get(`/api/link/frames/${idOf(shown)}/4`)).statusCode, 404);
});

test("the report is given where it was shared and is signed, and each reading is on the record", async () => {
  const study = await aStudy(house.world, organisation);
  const before = await open(study);
  assert.equal(before.study.report, "none");
  assert.equal((await before.browser.get("/api/link/report")).statusCode, 404);
  await database.owner.query(
    `insert into report_version (organisation, id, study, author, author_organisation, version, status, sealed, wrapped_key, content_sha256)
     values ($1, gen_random_uuid(), $2, gen_random_uuid(), $1, 1, 'final', '', '', '')`,
    [organisation, study.id],
  );
  const { browser, study: shown, link } = await open(study);
  assert.equal(shown.report, "available");
  assert.deepEqual((await browser.get("/api/link/report")).json(), REPORT);
  assert.equal((await browser.get("/api/link/report.pdf")).headers["content-type"], "application/pdf");
  const { rows } = await database.owner.query<{ action: string }>(
    "select action from ledger_entry where actor = $1 and action like 'report.%' order by id",
    [link],
  );
  assert.deepEqual(
    rows.map(({ action }) => action),
    ["report.view", "report.download"],
  );
  const without = await open(study, { withReport: false });
  assert.equal(without.study.report, "not-shared");
  assert.equal((await without.browser.get("/api/link/report")).statusCode, 404);
});

test("on an earlier examination the link reads that one's report, and no other's", async () => {
  const about = { PatientID: "PRIOR-REPORT" };
  const old = await aStudy(house.world, organisation, [anImage(32, 3)], { ...about, StudyDate: "20240101" });
  const unread = await aStudy(house.world, organisation, [anImage(32, 3)], { ...about, StudyDate: "20230101" });
  const study = await aStudy(house.world, organisation, [anImage(32, 4)], about);
  await database.owner.query(
    `insert into report_version (organisation, id, study, author, author_organisation, version, status, sealed, wrapped_key, content_sha256)
     select $1, gen_random_uuid(), unnest($2::uuid[]), gen_random_uuid(), $1, 1, 'final', '', '', ''`,
    [organisation, [study.id, old.id]],
  );
  const { browser } = await open(study, { withPriors: true });
  const state = async (id: string) => (await browser.get(`/api/link/study?study=${id}`)).json<LinkStudy>().report;
  assert.deepEqual([await state(old.id), await state(unread.id)], ["available", "none"]);
  read.length = 0;
  assert.equal((await browser.get(`/api/link/report?study=${old.id}`)).statusCode, 200);
  assert.equal((await browser.get(`/api/link/report?study=${unread.id}`)).statusCode, 404);
  assert.equal((await browser.get("/api/link/report")).statusCode, 200);
  assert.deepEqual(read, [old.id, study.id]);
  const alone = await open(study);
  assert.equal((await alone.browser.get(`/api/link/report?study=${old.id}`)).statusCode, 404);
});

test("a download is a ZIP of the files as they were received, under names that say nothing", async () => {
  const about = { PatientID: "ZIP-1" };
  await aStudy(house.world, organisation, [anImage(32, 3)], { ...about, StudyDate: "20240101" });
  const study = await aStudy(house.world, organisation, [anImage(32, 1), anImage(64, 2)], about);
  const { browser, link } = await open(study, { rights: ["view", "download"], withPriors: true });
  const answer = await browser.get("/api/link/download");
  assert.equal(answer.headers["content-type"], "application/zip");
  assert.equal(answer.headers["content-disposition"], 'attachment; filename="images.zip"');
  const files = await unzipped(answer.rawPayload);
  assert.deepEqual(
    [...files.keys()],
    [
      "README.txt",
      "images/series-001/image-00001.dcm",
      "images/series-001/image-00002.dcm",
      "earlier-1/series-001/image-00001.dcm",
    ],
  );
  for (const [name, bytes] of files)
    if (name.endsWith(".dcm")) assert.equal(bytes.subarray(128, 132).toString("latin1"), "DICM");
  const size = await database.owner.query<{ bytes: string }>(
    "select bytes from instance where study = $1 order by number",
    [study.id],
  );
  assert.deepEqual(
    size.rows.map((row) => Number(row.bytes)),
    [1, 2].map((at) => [...files.values()][at]?.length),
  );
  const { rows } = await database.owner.query<{ action: string }>(
    "select distinct action from ledger_entry where actor = $1 and action = 'study.download'",
    [link],
  );
  assert.equal(rows.length, 1);
});

test("a download that is under way breaks off when it is taken back", async () => {
  const study = await aStudy(
    house.world,
    organisation,
    [1, 2, 3].map((seed) => anImage(512, seed)),
  );
  const { browser, grant } = await open(study, { rights: ["view", "download"] });
  const needs = { ...house, publicUrl: () => ORIGIN } as unknown as LinkNeeds;
  const cookie = browser.cookie.split("=")[1] ?? "";
  const session = await linkSession(house.world, cookie);
  const zip = await linkDownload(needs, session, () => linkSession(house.world, cookie));
  let received = 0;
  await assert.rejects(
    async () => {
      for await (const piece of zip as AsyncIterable<Buffer>) {
        if (received === 0) await sender.ask("DELETE", `/api/grants/${grant}`);
        received += piece.length;
      }
    },
    { code: "link.closed" },
  );
  assert.ok(received < 3 * 512 * 512 * 2, `${received} bytes had left`);
});

function unzipped(bytes: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on("entry", (entry: yauzl.Entry) =>
        zip.openReadStream(entry, (failed, stream) => {
          if (failed) return reject(failed);
          Array.fromAsync(stream as AsyncIterable<Buffer>).then((pieces) => {
            files.set(entry.fileName, Buffer.concat(pieces));
            zip.readEntry();
          }, reject);
        }),
      );
      zip.on("end", () => resolve(files));
      zip.on("error", reject);
      zip.readEntry();
    });
  });
}
