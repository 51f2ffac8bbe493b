import assert from "node:assert/strict";
import { test } from "node:test";
import { addressed, compressedHeader, headerPieces } from "./header-text.ts";

function* each(pieces: readonly string[]): Generator<string, void, undefined> {
  yield* pieces;
}

async function* once(...pieces: string[]): AsyncGenerator<string> {
  yield* pieces;
}

const textOf = async (pieces: AsyncIterable<string>): Promise<string> => (await Array.fromAsync(pieces)).join("");

test("a header of one piece or of many opens as it was", async () => {
  for (const count of [1, 2, 200]) {
    const pieces = Array.from({ length: count }, (_, at) => `${at}é漢${Math.sin(at)}`.repeat(500));
    const compressed = await compressedHeader(each(pieces));
    assert.equal(await textOf(headerPieces(compressed)), pieces.join(""), String(count));
  }
});

test("the pieces of a large header are each made in a turn of the event loop's own", async () => {
  const madeIn: number[] = [];
  let [turn, going] = [0, true];
  const next = (): void => {
    turn += 1;
    if (going) setImmediate(next);
  };
  setImmediate(next);
  function* pieces(): Generator<string, void, undefined> {
    for (let at = 0; at < 30; at++) {
      madeIn.push(turn);
      yield "x".repeat(10_000);
    }
  }
  await compressedHeader(pieces());
  going = false;
  assert.ok(new Set(madeIn).size >= 28, madeIn.join(" ")); // the first two tell whether it is large
});

test("bulk data addresses become absolute wherever the pieces are cut; texts that look like one stay", async () => {
  const json = JSON.stringify({
    "00091001": { vr: "OB", BulkDataURI: "bulkdata/00091001" },
    "00104000": { vr: "LT", Value: ['"BulkDataURI":"bulkdata/$&'] },
    "7FE00010": { vr: "OW", BulkDataURI: "bulkdata/7FE00010" },
  });
  const here = "https://clinic.example/$&/1.2";
  const wanted = JSON.stringify({
    "00091001": { vr: "OB", BulkDataURI: `${here}/bulkdata/00091001` },
    "00104000": { vr: "LT", Value: ['"BulkDataURI":"bulkdata/$&'] },
    "7FE00010": { vr: "OW", BulkDataURI: `${here}/bulkdata/7FE00010` },
  });
  for (let cut = 0; cut <= json.length; cut++)
    assert.equal(await textOf(addressed(once(json.slice(0, cut), json.slice(cut)), here)), wanted, String(cut));
  assert.equal(await textOf(addressed(once(...json), here)), wanted, "character by character");
});
