import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, DEFAULT_FILTERS, daysOf, filtersFromUrl, filtersToUrl, listQuery, nextSort } from "./filters.ts";

const TODAY = new Date(2026, 10, 24);

test("a click sorts by one column and turns it, newest first for times", () => {
  const byDate = nextSort(DEFAULT_FILTERS.sort, "date", false);
  assert.deepEqual(byDate, [{ key: "date", descending: true }]);
  assert.deepEqual(nextSort(byDate, "date", false), [{ key: "date", descending: false }]);
  assert.deepEqual(nextSort(byDate, "patient", false), [{ key: "patient", descending: false }]);
});

test("shift and click adds a column, turns it, and takes it away again", () => {
  const one = [{ key: "date", descending: true }] as const;
  const two = nextSort(one, "patient", true);
  assert.deepEqual(two, [...one, { key: "patient", descending: false }]);
  const turned = nextSort(two, "patient", true);
  assert.deepEqual(turned, [...one, { key: "patient", descending: true }]);
  assert.deepEqual(nextSort(turned, "patient", true), one);
});

test("the last column cannot be taken away: a list always has an order", () => {
  assert.deepEqual(nextSort([{ key: "date", descending: false }], "date", true), [{ key: "date", descending: true }]);
});

for (const [date, days] of [
  ["any", {}],
  ["today", { from: "20261124" }],
  ["yesterday", { from: "20261123", to: "20261123" }],
  ["week", { from: "20261118" }],
  ["month", { from: "20261026" }],
  ["year", { from: "20251125" }],
] as const)
  test(`“${date}” means its days counted from today`, () =>
    assert.deepEqual(daysOf({ date, from: "", to: "" }, TODAY), days));

test("a range takes what is filled in", () => {
  assert.deepEqual(daysOf({ date: "range", from: "2026-01-05", to: "" }, TODAY), { from: "20260105" });
});

test("the query speaks the API’s words", () => {
  const filters = { ...DEFAULT_FILTERS, owner: "mine", modality: ["CT", "MR"], work: "open", date: "today" } as const;
  const query = new URLSearchParams(listQuery(filters, "  nkosi ", "cursor", TODAY));
  assert.equal(query.get("q"), "nkosi");
  assert.equal(query.get("modality"), "CT,MR");
  assert.equal(query.get("report"), "none,draft");
  assert.equal(query.get("from"), "20261124");
  assert.equal(query.get("to"), null);
  assert.equal(query.get("sort"), "-arrived");
  assert.equal(query.get("owner"), "mine");
  assert.equal(query.get("after"), "cursor");
});

test("filters survive the way through the address, and no search text goes there", () => {
  const filters = {
    owner: "granted",
    modality: ["US"],
    work: "open",
    date: "range",
    from: "2026-01-01",
    to: "2026-02-01",
    sort: [
      { key: "patient", descending: false },
      { key: "date", descending: true },
    ],
  } as const;
  assert.deepEqual(filtersFromUrl(filtersToUrl(filters)), filters);
  assert.deepEqual(filtersToUrl(DEFAULT_FILTERS), {
    owner: undefined,
    modality: undefined,
    work: undefined,
    date: undefined,
    from: undefined,
    to: undefined,
    sort: undefined,
  });
});

test("an address that somebody wrote by hand is read as far as it makes sense", () => {
  const filters = filtersFromUrl({
    owner: "theirs",
    modality: "CT,<script>,mr",
    date: "someday",
    sort: "-date,password",
  });
  assert.equal(filters.owner, "all");
  assert.deepEqual(filters.modality, ["CT"]);
  assert.equal(filters.date, "any");
  assert.deepEqual(filters.sort, [{ key: "date", descending: true }]);
});

test("the count of a list claims no more than has come", () => {
  assert.equal(countOf(13, false), "13");
  assert.equal(countOf(60, true), "60+");
  assert.equal(countOf(0, false), "0");
});
