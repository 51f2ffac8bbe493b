import assert from "node:assert/strict";
import { before, test } from "node:test";
import sharp from "sharp";
import { systemActor } from "#features/audit/actor.ts";
import { receiveInstance } from "#features/studies/actions.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import { type JsonDataSet, toJson } from "#standards/dicom/json.ts";
import { STEP_CHARACTERS } from "#standards/dicom/json-pieces.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { nativeXml } from "#standards/dicom/xml.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { partsOf } from "../../../../test/support/multipart.ts";
import { anOrganisation } from "../../../../test/support/people.ts";
import { aColleague, anImage, dicomwebOf, type SharingHouse, sharingHouse } from "../../../../test/support/sharing.ts";

/** An enhanced CT of 6,000 frames: 36,000 elements in its functional groups, a window for each frame. */
const FRAMES = 6_000;
const SIZE = 4;
const PATH = "/studies/2.25.81/series/2.25.82/instances/2.25.83";

let house: SharingHouse;
let ask: ReturnType<typeof dicomwebOf>;
let file: Uint8Array;
let longest = 0;

/** The longest text that is parsed or made in one step while `run` goes on. */
async function longestStep<T>(run: () => Promise<T>): Promise<{ longest: number; answer: T }> {
  const { parse, stringify } = JSON;
  let longest = 0;
  const seen = (text: unknown): void => {
    if (typeof text === "string") longest = Math.max(longest, text.length);
  };
  JSON.parse = (text, reviver) => {
    seen(text);
    return parse(text, reviver) as unknown;
  };
  JSON.stringify = ((value: unknown) => {
    const text = stringify(value);
    seen(text);
    return text;
  }) as typeof stringify;
  try {
    return { answer: await run(), longest };
  } finally {
    Object.assign(JSON, { parse, stringify });
  }
}

before(async () => {
  house = await sharingHouse(await testDatabase());
  const clinic = await anOrganisation(house.world);
  ask = dicomwebOf(house, await aColleague(house.world, clinic, ["radiologist"]));
  const { sopClass, attributes } = anImage(SIZE);
  file = instanceOf(sopClass, "2.25.83", {
    ...{
      PatientName: "N^A",
      PatientID: "P1",
      StudyInstanceUID: "2.25.81",
      SeriesInstanceUID: "2.25.82",
      Modality: "CT",
    },
    ...attributes,
    NumberOfFrames: FRAMES,
    PerFrameFunctionalGroupsSequence: Array.from({ length: FRAMES }, (_, frame) => ({
      FrameVOILUTSequence: [{ WindowCenter: frame % 2 === 0 ? 50 : 250, WindowWidth: 1 }],
      FrameContentSequence: [{ StackID: "1", InStackPositionNumber: frame + 1 }],
    })),
    "PixelData:OW": new Uint8Array(new Uint16Array(FRAMES * SIZE * SIZE).fill(100).buffer),
  }).part10;
  const storing = await longestStep(() =>
    receiveInstance(house.world, systemActor(clinic, "test"), {
      bytes: (async function* () {
        yield file;
      })(),
      ...{ bare: null, source: "test" },
    }),
  );
  longest = storing.longest;
});

test("a header of very many elements is stored without one long step", () => {
  assert.ok(longest < STEP_CHARACTERS, `${longest} characters at once`);
});

test("and is served without one, as JSON and as XML", async () => {
  const expected = toJson(readPart10(file).dataSet, {
    bulkDataUri: (path) => `http://localhost/dicomweb${PATH}/bulkdata/${path}`,
  });
  const json = await longestStep(() => ask(`${PATH}/metadata`, { accept: "application/dicom+json" }));
  assert.ok(json.longest < STEP_CHARACTERS, `${json.longest} characters at once`);
  assert.deepEqual(JSON.parse(json.answer.payload), [expected]);
  const xml = await longestStep(() =>
    ask(`${PATH}/metadata`, { accept: 'multipart/related; type="application/dicom+xml"' }),
  );
  assert.ok(xml.longest < STEP_CHARACTERS, `${xml.longest} characters at once`);
  const [part] = partsOf(String(xml.answer.headers["content-type"]), xml.answer.rawPayload);
  assert.ok(part?.body.toString() === nativeXml(expected));
});

test("a search that asks for all of it makes no long step either", async () => {
  const { answer, longest } = await longestStep(() => ask("/instances?StudyInstanceUID=2.25.81&includefield=all"));
  const [found] = JSON.parse(answer.payload) as JsonDataSet[];
  assert.ok(longest < STEP_CHARACTERS, `${longest} characters at once`);
  assert.deepEqual(found?.["00080018"]?.Value, ["2.25.83"]);
});

test("a frame's picture reads what belongs to that frame, and nothing of the others", async () => {
  const shades: number[] = [];
  for (const frame of [1, 2, FRAMES - 1, FRAMES]) {
    const { answer, longest } = await longestStep(() =>
      ask(`${PATH}/frames/${frame}/rendered`, { accept: "image/png" }),
    );
    assert.equal(answer.statusCode, 200, answer.payload);
    assert.ok(longest < STEP_CHARACTERS, `${longest} characters at once`);
    shades.push((await sharp(answer.rawPayload).raw().toBuffer())[0] ?? -1);
  }
  assert.deepEqual(shades, [255, 0, 255, 0], "100 is above a window at 50 and below one at 250");
});
