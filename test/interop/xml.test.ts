import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { toJson } from "#standards/dicom/json.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { nativeXml } from "#standards/dicom/xml.ts";
import { filesBelow, nameOf } from "../support/data.ts";
import { run } from "../support/dcmtk.ts";

/** PS3.19 §A.1 beside DCMTK's dcm2xml: the same public attributes with the same VR, number of values and text, in the same order. */
const FILES = [...filesBelow("dicom/sr"), ...filesBelow("charset"), ...filesBelow("dicom/enhanced")];

/** dcm2xml 3.6.7 repeats the ideographic group where the phonetic one is a space. */
const REPEATS_A_GROUP = ["charset/chrX1.dcm", "charset/chrX2.dcm"];

type Attribute = { tag: string; vr: string; text: string };

/** The attributes of a document in order, private and binary ones and the character set (dcm2xml turns all into UTF-8) left out, texts without the spaces around them. */
function attributesOf(xml: string): Attribute[] {
  return [
    ...xml.matchAll(
      /<DicomAttribute tag="([0-9A-F]{8})" vr="([A-Z]{2})"[^>]*?(?:\/>|>([\s\S]*?)(?=<\/?DicomAttribute|<\/?Item|<\/NativeDicomModel))/g,
    ),
  ]
    .map(([, tag = "", vr = "", text = ""]) => ({
      tag,
      vr,
      text: isNumber.test(vr) ? plain(text).replace(/(?<=>)[-+.\de]+(?=<)/gi, rounded) : plain(text),
    }))
    .filter(
      ({ tag, vr }) =>
        Number.parseInt(tag.slice(3, 4), 16) % 2 === 0 && !/^(O.|UN)$/.test(vr) && !/^0002|^00080005$/.test(tag),
    );
}

/** How many digits a number is written with is the writer's business. */
const isNumber = /^(DS|FD|FL)$/;
const rounded = (text: string): string => String(Number(Number(text).toPrecision(8)));

const plain = (xml: string): string =>
  xml
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(
      /&(lt|gt|amp|quot|apos);/g,
      (_, name: "lt") => ({ lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" })[name],
    )
    .replace(/<(\w+)[^<>]*(\/>|>\s*<\/\1>)/g, "") // components of a name that are not there,
    .replace(/<(\w+)[^<>]*(\/>|>\s*<\/\1>)/g, "") // groups of nothing else,
    .replace(/<(\w+)[^<>]*(\/>|>\s*<\/\1>)/g, "") // and values
    .replace(/\s+/g, " ")
    .replace(/ ?(<[^>]*>) ?/g, "$1")
    .trim();

test("our XML says of public attributes what dcm2xml says", async () => {
  let compared = 0;
  const differing: string[] = [];
  for (const path of FILES) {
    const { code, output } = await run("dcm2xml", ["--native-format", "--convert-to-utf8", path]);
    if (code !== 0 || output.includes("\nE: ")) continue;
    const theirs = attributesOf(output);
    const ours = attributesOf(nativeXml(toJson(readPart10(readFileSync(path)).dataSet, { bulkDataUri: () => "x" })));
    for (const [at, our] of ours.entries()) {
      const their = theirs[at];
      compared += 1;
      if (JSON.stringify(our) === JSON.stringify(their)) continue;
      differing.push(`${nameOf(path)}: ${JSON.stringify(our)} and ${JSON.stringify(their)}`);
      break;
    }
  }
  assert.deepEqual(
    differing.map((line) => line.split(":")[0]).filter((name) => REPEATS_A_GROUP.includes(name ?? "")),
    REPEATS_A_GROUP,
  );
  assert.deepEqual(
    differing.filter((line) => !REPEATS_A_GROUP.some((name) => line.startsWith(name))),
    [],
  );
  assert.ok(compared > 5000, `${compared} attributes`);
});
