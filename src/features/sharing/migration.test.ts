import assert from "node:assert/strict";
import { test } from "node:test";
import { uuidv7 } from "#kit/uuid.ts";
import { databaseBefore } from "../../../test/support/migration.ts";

const [OWNER, PARTNER, OTHER] = [uuidv7(), uuidv7(), uuidv7()];
const NAMES = new Map([
  [OWNER, "owner"],
  [PARTNER, "partner"],
  [OTHER, "other"],
]);
/** The agreements of the owner, by what became of them. */
const [RUNS, LONGER, ENDED] = [uuidv7(), uuidv7(), uuidv7()];
const AGREEMENTS = new Map([
  [RUNS, "runs"],
  [LONGER, "longer"],
  [ENDED, "ended"],
]);

type Given = {
  kind: "organisation" | "person" | "link";
  subject: string;
  basis: "own-care" | "agreement";
  paper?: string;
};
type Kept = { workplace: string | null; basis: string | null; stands: boolean; opens: boolean; until: string };

/** Somebody who has worked for these, from and until a day of 2026, when there is one. */
type Work = { organisation: string; from: string; until?: string };

test("what was given before names the workplace it was for and the agreement it needed", async (t) => {
  const { owner, goOn } = await databaseBefore(t, "0013");
  const add = (table: string, row: Record<string, unknown>) =>
    owner.query(
      `insert into ${table} (${Object.keys(row).join(", ")}) values (${Object.keys(row)
        .map((_, at) => `$${at + 1}`)
        .join(", ")})`,
      Object.values(row),
    );
  for (const [id, name] of NAMES) await add("organisation", { id, name, kind: "clinic" });
  const [patient, study] = [uuidv7(), uuidv7()];
  await add("patient", { organisation: OWNER, id: patient, patient_id: "P" });
  await add("study", { organisation: OWNER, id: study, study_uid: "2.25.1", patient, key_group: uuidv7() });
  const agreed = (id: string, partner: string, until: string, ended: string | null = null) =>
    add("agreement", {
      ...{ organisation: OWNER, id, partner, kind: "joint-care", purposes: ["care"] },
      ...{ from_at: "2026-01-01", until_at: until, ended_at: ended },
    });
  await agreed(RUNS, PARTNER, "2990-01-01");
  await agreed(LONGER, PARTNER, "2995-01-01");
  await agreed(ENDED, OTHER, "2999-01-01", "2026-05-01");

  const somebody = async (...work: Work[]): Promise<string> => {
    const id = uuidv7();
    await add("person", { id, email: `${id}@example.org`, display_name: "P" });
    for (const { organisation, from, until } of work)
      await add("membership", { organisation, person: id, role: "referrer", from_at: from, until_at: until ?? null });
    return id;
  };
  const give = async ({ kind, subject, basis, paper }: Given): Promise<string> => {
    const id = uuidv7();
    await add("access_grant", {
      ...{ organisation: OWNER, id, study, subject_kind: kind, subject, rights: ["view"], purpose: "care" },
      ...{ basis_kind: basis, basis: paper ?? null, until_at: "2999-01-01", created_at: "2026-03-01" },
    });
    await add("access", { subject, owner: OWNER, study, grant_id: id, until_at: "2999-01-01" });
    return id;
  };
  const toPerson = async (basis: Given["basis"], paper: string | undefined, ...work: Work[]): Promise<string> =>
    give({ kind: "person", subject: await somebody(...work), basis, ...(paper === undefined ? {} : { paper }) });

  const whole = { stands: true, opens: true, until: "2999" };
  const over = { basis: null, stands: false, opens: false, until: "2999" };
  const leans = { basis: "longer", stands: true, opens: true, until: "2995" };
  const cases: [string, string, Kept][] = [
    [
      "a colleague's is for their work here",
      await toPerson("own-care", undefined, { organisation: OWNER, from: "2026-02-01" }),
      { workplace: "owner", basis: null, ...whole },
    ],
    [
      "also when they left since",
      await toPerson("own-care", undefined, { organisation: OWNER, from: "2026-02-01", until: "2026-04-01" }),
      { workplace: "owner", basis: null, ...whole },
    ],
    [
      "an agreement names its partner, wherever else they worked",
      await toPerson("agreement", RUNS, { organisation: OWNER, from: "2026-02-01" }),
      { workplace: "partner", basis: "runs", ...whole },
    ],
    [
      "own care of a partner's reader leans on the longest agreement that runs",
      await toPerson("own-care", undefined, { organisation: PARTNER, from: "2026-02-01" }),
      { workplace: "partner", ...leans },
    ],
    [
      "who came to the owner later worked for the partner then",
      await toPerson(
        "own-care",
        undefined,
        { organisation: PARTNER, from: "2026-02-01", until: "2026-04-01" },
        { organisation: OWNER, from: "2026-04-01" },
      ),
      { workplace: "partner", ...leans },
    ],
    [
      "of a partner whose only agreement has ended nothing is left",
      await toPerson("own-care", undefined, { organisation: OTHER, from: "2026-02-01" }),
      { workplace: "other", ...over },
    ],
    [
      "who worked nowhere that is known has nothing",
      await toPerson("own-care", undefined),
      { workplace: null, ...over },
    ],
    [
      "a partner has it while the agreement runs",
      await give({ kind: "organisation", subject: PARTNER, basis: "own-care" }),
      { workplace: null, ...leans },
    ],
    [
      "and none after its end",
      await give({ kind: "organisation", subject: OTHER, basis: "own-care" }),
      { workplace: null, ...over },
    ],
    [
      "a link stays as it is",
      await give({ kind: "link", subject: uuidv7(), basis: "own-care" }),
      { workplace: null, basis: null, ...whole },
    ],
  ];
  await goOn();
  for (const [what, id, kept] of cases) {
    const { rows } = await owner.query<{ workplace: string | null; there: string | null; basis: string | null } & Kept>(
      `select g.workplace, x.workplace as there, g.basis, g.basis_ended_at is null as stands, x.subject is not null as opens,
         to_char(coalesce(x.until_at, g.until_at), 'YYYY') as until
       from access_grant g left join access x on x.grant_id = g.id where g.id = $1`,
      [id],
    );
    const [row] = rows;
    assert.ok(row, what);
    const { workplace, there, basis, ...rest } = row;
    if (row.opens) assert.equal(there, workplace, what);
    const named = { workplace: NAMES.get(workplace ?? "") ?? null, basis: AGREEMENTS.get(basis ?? "") ?? null };
    assert.deepEqual({ ...named, ...rest }, kept, what);
  }
});
