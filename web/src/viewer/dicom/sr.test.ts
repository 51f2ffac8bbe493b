import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataSet } from "./json.ts";
import { reportOf } from "./sr.ts";
import { matching, tagRows } from "./tags.ts";

const of = (vr: string, ...Value: unknown[]) => ({ vr, Value });
const concept = (meaning: string, value = "1") =>
  of("SQ", { "00080100": of("SH", value), "00080102": of("SH", "DCM"), "00080104": of("LO", meaning) });
const item = (type: string, name: string, more: DataSet): DataSet => ({
  "0040A040": of("CS", type),
  ...(name ? { "0040A043": concept(name) } : {}),
  ...more,
});

const report: DataSet = {
  "0040A040": of("CS", "CONTAINER"),
  "0040A043": concept("Imaging report"),
  "0040A491": of("CS", "COMPLETE"),
  "0040A493": of("CS", "VERIFIED"),
  "0040A073": of("SQ", { "0040A075": of("PN", { Alphabetic: "Reyes^A" }), "0040A027": of("LO", "Reading Group") }),
  "0040A730": of(
    "SQ",
    item("TEXT", "Finding", { "0040A160": of("UT", "Crescentic hyperdensity.") }),
    item("NUM", "Thickness", {
      "0040A300": of("SQ", {
        "0040A30A": of("DS", 14.2),
        "004008EA": of("SQ", { "00080100": of("SH", "mm"), "00080104": of("LO", "millimetre") }),
      }),
    }),
    item("NUM", "Ratio", { "0040A300": of("SQ", { "0040A30A": of("DS", "3"), "004008EA": concept("no units", "1") }) }),
    item("NUM", "Volume", { "0040A301": concept("Not a number") }),
    item("IMAGE", "", {
      "00081199": of("SQ", { "00081150": of("UI", "1.2"), "00081155": of("UI", "1.2.3"), "00081160": of("IS", 4) }),
    }),
    item("CONTAINER", "Side", { "0040A730": of("SQ", item("CODE", "Laterality", { "0040A168": concept("Right") })) }),
  ),
};

test("a report keeps its title, state, author and the order of its content", () => {
  const { title, completion, verification, observers, root } = reportOf(report);
  assert.deepEqual(
    [title, completion, verification, observers],
    ["Imaging report", "COMPLETE", "VERIFIED", ["Reyes^A, Reading Group"]],
  );
  assert.deepEqual(
    root.children.map(({ kind, name, value, unit }) => [kind, name, value, unit].join("|")),
    [
      "text|Finding|Crescentic hyperdensity.|",
      "number|Thickness|14.2|mm",
      "number|Ratio|3|",
      "number|Volume||",
      "reference|||",
      "container|Side||",
    ],
  );
});

test("why a number is missing is said, what is referred to can be opened, nesting is kept", () => {
  const { children } = reportOf(report).root;
  assert.equal(children[3]?.note, "Not a number");
  assert.deepEqual(children[4]?.references, [{ sopClass: "1.2", sop: "1.2.3", frames: [4] }]);
  assert.equal(children[5]?.children[0]?.value, "Right");
});

test("a report that nests without end is read to a bounded depth", () => {
  let nested: DataSet = item("TEXT", "deep", {});
  for (let depth = 0; depth < 5000; depth++) nested = item("CONTAINER", "c", { "0040A730": of("SQ", nested) });
  let node = reportOf(nested).root;
  let depth = 0;
  while (node.children[0]) {
    node = node.children[0];
    depth++;
  }
  assert.ok(depth <= 40);
});

test("a report of a million items is read to a bounded number", () => {
  const wide: DataSet = { ...report, "0040A730": of("SQ", ...new Array<DataSet>(100_000).fill(item("TEXT", "x", {}))) };
  assert.ok(reportOf(wide).root.children.length <= 20_000);
});

test("the tag browser lists nested attributes under their sequence, in order of tags", () => {
  const rows = tagRows(report, (tag) => (tag === "0040A730" ? "Content Sequence" : ""));
  const at = rows.findIndex(({ name }) => name === "Content Sequence");
  assert.equal(rows[at]?.items, 6);
  assert.deepEqual([rows[at + 1]?.depth, rows[at + 1]?.tag], [1, "(0040,A040)"]);
  const top = rows.filter(({ depth }) => depth === 0).map(({ tag }) => tag);
  assert.deepEqual(top, top.toSorted());
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length, "every row has a name of its own");
});

test("the tag browser finds by tag with and without punctuation, by name and by value, all words needed", () => {
  const rows = tagRows(
    { "00100010": of("PN", { Alphabetic: "Nkosi^Ayanda" }), "00100020": of("LO", "448120") },
    (tag) => (tag === "00100010" ? "Patient's Name" : "Patient ID"),
  );
  assert.deepEqual(
    ["0010,0010", "00100010", "patient name", "ayanda"].map((search) => matching(rows, search).length),
    [1, 1, 1, 1],
  );
  assert.equal(matching(rows, "patient").length, 2);
  assert.equal(matching(rows, "patient 448").length, 1);
  assert.equal(matching(rows, "  ").length, 2);
});

test("the tag browser survives sequences nested ten thousand deep", () => {
  let nested: DataSet = { "00100010": of("PN", { Alphabetic: "x" }) };
  for (let depth = 0; depth < 10_000; depth++) nested = { "00400275": of("SQ", nested) };
  assert.equal(tagRows(nested, () => "").length, 10_001);
});
