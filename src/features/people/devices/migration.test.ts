import assert from "node:assert/strict";
import { test } from "node:test";
import { uuidv7 } from "#kit/uuid.ts";
import { databaseBefore } from "../../../../test/support/migration.ts";

test("of two organisations that had registered one certificate, the first keeps it", async (t) => {
  const { owner, goOn } = await databaseBefore(t, "0016");
  const [first, second] = [uuidv7(), uuidv7()];
  for (const id of [first, second])
    await owner.query("insert into organisation (id, name, kind) values ($1, $2, 'clinic')", [id, id]);
  const rows = [
    { organisation: second, ae: "CT1", certificate: "a", at: "2026-03-01", ended: null },
    { organisation: first, ae: "CT1", certificate: "a", at: "2026-02-01", ended: null },
    { organisation: first, ae: "MR1", certificate: "b", at: "2026-01-01", ended: "2026-02-01" },
    { organisation: second, ae: "MR1", certificate: "b", at: "2026-02-02", ended: null },
    { organisation: second, ae: "US1", certificate: "c", at: "2026-02-02", ended: null },
    { organisation: second, ae: "US2", certificate: "c", at: "2026-02-03", ended: null },
    { organisation: second, ae: "PLAIN", certificate: null, at: "2026-02-03", ended: null },
  ];
  for (const { organisation, ae, certificate, at, ended } of rows)
    await owner.query(
      "insert into device (organisation, id, ae_title, certificate_sha256, created_at, revoked_at) values ($1, $2, $3, $4, $5, $6)",
      [organisation, uuidv7(), ae, certificate === null ? null : Buffer.from(certificate), at, ended],
    );
  await goOn();
  const known = await owner.query<{ organisation: string; ae: string }>(
    "select organisation, ae_title as ae from device where revoked_at is null order by 2, 1",
  );
  assert.deepEqual(
    known.rows.map(({ organisation, ae }) => [ae, organisation === first ? "first" : "second"]),
    [
      ["CT1", "first"],
      ["PLAIN", "second"],
      ["US1", "second"],
      ["US2", "second"],
    ],
    "a certificate that was the first's stays so after it was revoked there",
  );
});
