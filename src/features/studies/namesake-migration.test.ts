import assert from "node:assert/strict";
import { test } from "node:test";
import { uuidv7 } from "#kit/uuid.ts";
import { databaseBefore } from "../../../test/support/migration.ts";

test("patients from before are the first of their ID, and an ID has room for others beside them", async (t) => {
  const { owner, goOn } = await databaseBefore(t, "0015");
  const clinic = uuidv7();
  await owner.query("insert into organisation (id, name, kind) values ($1, 'clinic', 'clinic')", [clinic]);
  const add = (columns: string, ...values: unknown[]) =>
    owner.query(
      `insert into patient (organisation, id, patient_id${columns}) values ($1, $2, $3${values.map((_, at) => `, $${at + 4}`).join("")})`,
      [clinic, uuidv7(), "12345", ...values],
    );
  await add("");
  await goOn();
  const { rows } = await owner.query("select patient_id, namesake from patient");
  assert.deepEqual(rows, [{ patient_id: "12345", namesake: 0 }]);
  await add(", namesake", 1);
  await assert.rejects(add(""), /patient_identity/);
});
