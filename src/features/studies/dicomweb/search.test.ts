import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { partsOf } from "../../../../test/support/multipart.ts";
import { anOrganisation } from "../../../../test/support/people.ts";
import { aColleague, anImage, aStudy, dicomwebOf, sharingHouse } from "../../../../test/support/sharing.ts";

/** PS3.18 §10.6, on three studies: "a" with two CT slices and an MR series, "b" with a Chinese name, "c" with hardly anything. */
let ask: ReturnType<typeof dicomwebOf>;
const uids: Record<string, string> = {};

before(async () => {
  const house = await sharingHouse(await testDatabase());
  const organisation = await anOrganisation(house.world);
  ask = dicomwebOf(house, await aColleague(house.world, organisation, ["radiologist"]));
  const [ct, mr] = [anImage(16), anImage(16, 2)];
  const request = { ScheduledProcedureStepID: "SPS1", RequestedProcedureID: "RP1" };
  const a = await aStudy(
    house.world,
    organisation,
    [
      { ...ct, attributes: { ...ct.attributes, BodyPartExamined: "HEAD", RequestAttributesSequence: [request] } },
      {
        ...ct,
        attributes: { ...ct.attributes, PatientComments: "x".repeat(2000), "00091010:OB": new Uint8Array(2048) },
      },
      {
        ...mr,
        attributes: {
          ...mr.attributes,
          ...{ Modality: "MR", SeriesInstanceUID: "2.25.4711", SeriesNumber: 7, InstanceNumber: 70 },
          ...{ PerformedProcedureStepStartDate: "20261101", PerformedProcedureStepStartTime: "101500" },
        },
      },
    ],
    {
      ...{ PatientName: "Nkosi^Ayanda^^Dr", PatientID: "P-1", AccessionNumber: "ACC_1", StudyID: "S1" },
      ...{ StudyDate: "20261101", StudyTime: "101530", ReferringPhysicianName: "Fourie^B" },
      ReferencedStudySequence: [{ ReferencedSOPClassUID: "1.2.3", ReferencedSOPInstanceUID: "1.2.3.4" }],
    },
  );
  const b = await aStudy(house.world, organisation, [anImage(16, 3)], {
    ...{ SpecificCharacterSet: "ISO_IR 192", PatientName: "Wang^XiaoDong=王^小東", PatientID: "P-2" },
    ...{ StudyDate: "20261115", StudyTime: "0900", AccessionNumber: "ACC%1", StudyID: "S2" },
  });
  const c = await aStudy(house.world, organisation, [anImage(16, 4)], {
    ...{ PatientName: "", PatientID: "", StudyDate: "", StudyTime: "", StudyDescription: "", AccessionNumber: "" },
  });
  Object.assign(uids, { a: a.uid, b: b.uid, c: c.uid });
});

const named = (text: string): string => text.replace(/\{([abc])\}/g, (_, name: string) => uids[name] ?? "");

async function search(path: string): Promise<JsonDataSet[]> {
  const answer = await ask(named(path));
  if (answer.statusCode === 204) return [];
  assert.equal(answer.statusCode, 200, `${path}: ${answer.body}`);
  return answer.json<JsonDataSet[]>();
}

/** The studies found, by their letters; a letter as often as there are rows. */
const lettersOf = (rows: readonly JsonDataSet[]): string =>
  rows
    .map((row) => Object.keys(uids).find((name) => uids[name] === row["0020000D"]?.Value?.[0]) ?? "?")
    .sort()
    .join("");

const MATCHES: readonly (readonly [path: string, found: string])[] = [
  // PS3.18 table 10.6.1-5, study level
  ["/studies", "abc"],
  ["/studies?StudyDate=20261101", "a"],
  ["/studies?StudyDate=20261101-20261115", "ab"],
  ["/studies?00080020=20261102-", "b"],
  ["/studies?StudyDate=-20261114", "a"],
  ["/studies?StudyTime=10", "a"],
  ["/studies?StudyTime=080000-0930", "b"],
  ["/studies?StudyDate=20261101&StudyTime=1015-1016", "a"],
  ["/studies?AccessionNumber=ACC_1", "a"],
  ["/studies?AccessionNumber=ACC?1", "ab"],
  ["/studies?AccessionNumber=ACC%251", "b"],
  ["/studies?AccessionNumber=*%25*", "b"],
  ["/studies?ModalitiesInStudy=MR", "a"],
  ["/studies?ModalitiesInStudy=CT", "abc"],
  ["/studies?ModalitiesInStudy=M?", "a"],
  ["/studies?ReferringPhysicianName=fourie*", "a"],
  ["/studies?PatientName=NKOSI^AYANDA^^DR", "a"],
  ["/studies?PatientName=Nkosi", ""],
  ["/studies?PatientName=nkosi*", "a"],
  ["/studies?PatientName=Nkosi^Ayanda^^Dr^^^", "a"],
  ["/studies?PatientName=%E7%8E%8B*", "b"],
  ["/studies?PatientName=Wang*=%E7%8E%8B*", "b"],
  ["/studies?PatientName==%E7%8E%8B*", "b"],
  ["/studies?PatientName=Zhang*=%E7%8E%8B*", ""],
  ["/studies?PatientID=P-?", "ab"],
  ["/studies?PatientID=p-1", ""],
  ["/studies?PatientID=", "abc"],
  ["/studies?PatientID=*", "abc"],
  ["/studies?StudyInstanceUID={a}", "a"],
  ["/studies?StudyInstanceUID={a},{c}", "ac"],
  ["/studies?0020000D={b}%5C{c}", "bc"],
  ["/studies?StudyID=S2", "b"],
  ["/studies?PatientID=P-1&StudyID=S2", ""],
  ['/studies?emptyvaluematching=true&PatientID=""', "c"],
  ['/studies?PatientID=""', ""],
  ["/studies?multiplevaluematching=true&PatientID=P-1%5CP-2", "ab"],
  ["/studies?PatientID=P-1%5CP-2", ""],
  // series level, all three forms
  ["/studies/{a}/series", "aa"],
  ["/studies/{b}/series", "b"],
  ["/series?Modality=MR", "a"],
  ["/series?Modality=CT", "abc"],
  ["/series?SeriesInstanceUID=2.25.4711", "a"],
  ["/series?SeriesNumber=7", "a"],
  ["/series?PerformedProcedureStepStartDate=20261101", "a"],
  ["/series?PerformedProcedureStepStartTime=10-11", "a"],
  ["/series?RequestAttributesSequence.ScheduledProcedureStepID=SPS1", "a"],
  ["/series?00400275.00401001=RP*", "a"],
  ["/series?PatientName=wang*", "b"],
  ["/studies/{a}/series?Modality=MR", "a"],
  ["/studies/{c}/series?Modality=MR", ""],
  // instance level, all four forms
  ["/studies/{a}/instances", "aaa"],
  ["/studies/{a}/series/2.25.4711/instances", "a"],
  ["/instances?InstanceNumber=70", "a"],
  ["/instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.2", "aaabc"],
  ["/instances?SOPInstanceUID={b}.1", "b"],
  ["/instances?SOPInstanceUID={b}.1,{c}.1", "bc"],
  ["/studies/{b}/series/2.25.4711/instances", ""],
];
for (const [path, found] of MATCHES) {
  test(`PS3.18 §10.6: ${path} finds ${found === "" ? "nothing" : found}`, async () =>
    assert.equal(lettersOf(await search(path)), found));
}

/** PS3.18 tables 10.6.3-3 to 10.6.3-5. */
const RETURNED = {
  "/studies?PatientID=P-1":
    "00080005 00080020 00080030 00080050 00080056 00080061 00080090 00081190 00100010 00100020 00100030 00100040 0020000D 00200010 00201206 00201208",
  "/series?SeriesNumber=7": "00080060 0008103E 00081190 0020000E 00200011 00201209 00400244 00400245 00400275",
  "/instances?InstanceNumber=70": "00080016 00080018 00081190 00200013 00280010 00280011 00280100",
};
for (const [path, tags] of Object.entries(RETURNED)) {
  test(`PS3.18 §10.6.3.3: ${path} answers every attribute that is asked of its level, in order`, async () => {
    const text = (await ask(path)).body;
    const came = [...text.matchAll(/"([0-9A-F]{8})":\{"vr"/g)].map(([, tag]) => tag ?? "");
    for (const tag of tags.split(" ")) assert.ok(came.includes(tag), tag);
  });
}

test("PS3.18 §8.3.4.4: pages follow one another, and a Warning says how many more there are", async () => {
  const pages: string[] = [];
  for (const offset of [0, 1, 2, 3]) {
    const answer = await ask(`/studies?limit=1&offset=${offset}`);
    const remaining = 2 - offset;
    const warning = remaining > 0 ? `There are ${remaining} additional results that can be requested.` : undefined;
    assert.deepEqual(answer.headers["warning"], warning && [`299 http://localhost/dicomweb: ${warning}`]);
    assert.equal(answer.statusCode, offset < 3 ? 200 : 204);
    if (offset < 3) pages.push(lettersOf(answer.json<JsonDataSet[]>()));
  }
  assert.equal(pages.sort().join(""), "abc");
  assert.equal((await ask("/studies?limit=100000000")).statusCode, 400);
  assert.equal((await ask("/studies?limit=-1")).statusCode, 400);
  assert.equal((await ask("/studies?limit=5000")).headers["warning"], undefined);
});

test("PS3.18 §8.3.4.2: what is not matched on is said in a Warning; fuzzy matching too", async () => {
  const answer = await ask("/studies?fuzzymatching=true&InstitutionName=x&PatientName=nkosi*");
  assert.deepEqual(answer.headers["warning"], [
    "299 http://localhost/dicomweb: The fuzzymatching parameter is not supported. Only literal matching has been performed.",
    "299 http://localhost/dicomweb: Not matched on: 00080080.",
  ]);
  assert.equal(lettersOf(answer.json<JsonDataSet[]>()), "a");
});

for (const wrong of [
  "PatientNme=x",
  "0010001=x",
  "StudyDate=tomorrow",
  "SeriesNumber=one",
  "fuzzymatching=perhaps",
  "PatientID=a&00100020=b",
  "includefield=Patient%20Name",
  "__proto__=x",
  `PatientID=${"x".repeat(5000)}`,
]) {
  test(`a query that means nothing is refused: ${wrong.slice(0, 60)}`, async () =>
    assert.equal((await ask(`/${wrong.startsWith("Series") ? "series" : "studies"}?${wrong}`)).statusCode, 400));
}

test("includefield: by keyword, tag, list, path into a sequence, private tag, and all; never what is bulk data", async () => {
  const one = async (query: string): Promise<JsonDataSet> =>
    (await search(`/instances?SOPInstanceUID={a}.2&${query}`))[0] ?? {};
  assert.equal((await one("limit=1"))["00281050"], undefined);
  assert.deepEqual((await one("includefield=WindowCenter"))["00281050"], { vr: "DS", Value: [40] });
  assert.deepEqual((await one("includefield=00281050,00281051"))["00281051"], { vr: "DS", Value: [400] });
  assert.deepEqual((await one("includefield=WindowCenter&includefield=WindowWidth"))["00281051"], {
    vr: "DS",
    Value: [400],
  });
  assert.deepEqual((await one("includefield=ReferencedStudySequence.ReferencedSOPInstanceUID"))["00081110"], {
    vr: "SQ",
    Value: [{ "00081155": { vr: "UI", Value: ["1.2.3.4"] } }],
  });
  const all = await one("includefield=all");
  assert.deepEqual(all["00104000"]?.Value, ["x".repeat(2000)]);
  for (const never of ["7FE00010", "00091010"]) assert.equal(all[never], undefined);
});

test("Accept: JSON under both its names, XML in parts, nothing else", async () => {
  for (const type of ["application/dicom+json", "application/json", "*/*", "text/html, application/json;q=0.1"]) {
    const answer = await ask("/studies", { accept: type });
    assert.equal(answer.headers["content-type"], "application/dicom+json", type);
  }
  const xml = await ask("/studies?PatientID=P-2", { accept: 'multipart/related; type="application/dicom+xml"' });
  const [part] = partsOf(String(xml.headers["content-type"]), xml.rawPayload);
  assert.equal(part?.headers.get("content-type"), "application/dicom+xml; charset=utf-8");
  assert.match(
    part.body.toString("utf8"),
    /<DicomAttribute tag="00100010" vr="PN" keyword="PatientName"><PersonName number="1"><Alphabetic><FamilyName>Wang<\/FamilyName><GivenName>XiaoDong<\/GivenName><\/Alphabetic><Ideographic><FamilyName>王</,
  );
  for (const type of ["text/html", "image/jpeg", 'multipart/related; type="application/dicom"'])
    assert.equal((await ask("/studies", { accept: type })).statusCode, 406, type);
});
