import assert from "node:assert/strict";
import { test } from "node:test";
import { scopeOf } from "#features/audit/actor.ts";
import { listStudies, type Sort, type SortKey, type StudyFilter, writeCursor } from "#features/studies/list-queries.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation } from "../../../test/support/people.ts";
import { aColleague, aStudy, sharingHouse } from "../../../test/support/sharing.ts";

/** The study list's filters and orders, on five studies whose reports have come differently far. */
const database = await testDatabase();
const { world } = await sharingHouse(database);
const clinic = await anOrganisation(world);
const reader = await aColleague(world, clinic);

const STATES = ["none", "draft", "preliminary", "final", "addendum"] as const;
for (const [at, state] of [...STATES].reverse().entries()) {
  const about = {
    PatientName: `${state}^Jane`,
    PatientID: `ID${9 - at}`,
    AccessionNumber: `A${at}`,
    StudyDate: `2026010${at + 1}`,
  };
  const study = await aStudy(world, clinic, undefined, { ...about, PatientBirthDate: `19${50 + at}0101` });
  const versions = state === "none" ? [] : state === "draft" ? ["draft"] : ["preliminary", state, "draft"];
  for (const [version, status] of versions.entries())
    await database.owner.query(
      `insert into report_version (organisation, id, study, version, status, author, author_organisation, sealed, wrapped_key, content_sha256) values ($1, $2, $3, $4, $5, $6, $1, '', '', '')`,
      [clinic, uuidv7(), study.id, version + 1, status, reader.id],
    );
}

const WHOLE: StudyFilter = {
  ...{ q: "", modalities: [], reports: [], from: "", to: "", whose: "all" },
  ...{ sort: [], after: undefined, limit: 50 },
};
const list = (filter: Partial<StudyFilter>) =>
  database.read(scopeOf(reader), (tx) => listStudies(tx, reader, { ...WHOLE, ...filter }));
const names = (rows: Awaited<ReturnType<typeof list>>) => rows.map((row) => row.patient_name.split("^")[0]);

test("a draft beside what was signed does not hide it", async () => {
  for (const row of await list({})) assert.equal(row.report ?? "none", row.patient_name.split("^")[0]);
});

test("studies are found by the state of their report, one or several", async () => {
  for (const state of STATES) assert.deepEqual(names(await list({ reports: [state] })), [state]);
  assert.deepEqual(names(await list({ reports: ["none", "draft"] })).sort(), ["draft", "none"]);
  assert.equal((await list({ reports: [] })).length, 5);
});

const ORDERS: Record<SortKey, readonly string[]> = {
  ...{ status: STATES, arrived: [...STATES].reverse(), date: [...STATES].reverse(), birth: [...STATES].reverse() },
  ...{ accession: [...STATES].reverse(), id: STATES, patient: [...STATES].sort() },
  ...{ description: STATES, images: STATES }, // all alike: the newest arrival first
};

for (const [key, expected] of Object.entries(ORDERS) as [SortKey, readonly string[]][])
  test(`the list is ordered by ${key}, up and down, and goes on where a page ended`, async () => {
    for (const descending of [false, true]) {
      const sort: Sort[] = [{ key, descending }];
      const whole = names(await list({ sort }));
      const alike = key === "description" || key === "images";
      assert.deepEqual(whole, descending && !alike ? expected.toReversed() : expected);
      const paged: (string | undefined)[] = [];
      for (let after: string | undefined; paged.length < whole.length; ) {
        const [row] = await list({ sort, after, limit: 1 });
        assert.ok(row);
        paged.push(row.patient_name.split("^")[0]);
        after = writeCursor(row.cursor);
      }
      assert.deepEqual(paged, whole);
    }
  });
