import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Actor } from "#features/audit/actor.ts";
import { systemActor } from "#features/audit/actor.ts";
import { endDevice } from "#features/people/devices/actions.ts";
import { setRoles } from "#features/people/person-actions.ts";
import { giveRole, insertPerson } from "#features/people/person-queries.ts";
import { revokeGrant, shareStudy } from "#features/sharing/actions.ts";
import { recordAgreement } from "#features/sharing/agreement-actions.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { readConfig } from "#platform/config.ts";
import { DATA } from "../../test/support/data.ts";
import { main } from "./cli.ts";
import { type Node, openNode } from "./node.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-backup-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

async function run(house: string, ...args: string[]) {
  process.env["SAFELIGHT_DATA_DIR"] = at(house);
  const said = { out: "", err: "" };
  const code = await main([...args, "--json"], {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  });
  return { code, ...said, json: said.out === "" ? {} : (JSON.parse(said.out) as Record<string, unknown>) };
}

async function inHouse<T>(house: string, work: (node: Node) => Promise<T>): Promise<T> {
  process.env["SAFELIGHT_DATA_DIR"] = at(house);
  const node = await openNode(readConfig());
  try {
    return await work(node);
  } finally {
    await node.close();
  }
}

type Share = { grant: string; studyUid: string };
type Story = {
  clinic: string;
  partner: string;
  kept: Share;
  revoked: Share;
  device: string;
  person: string;
  backup: string;
};
let story: Story;

const officer = (organisation: string, id: string): Actor => ({
  kind: "person",
  id,
  organisation,
  roles: ["radiologist"],
  purpose: "care",
  session: uuidv7(),
});

/** A clinic with images, a partner, two shares, a device and a token; a backup; then a share, a device and a role are taken away. */
before(async () => {
  const clinic = String((await run("one", "admin", "org", "create", "--name", "Clinic")).json["id"]);
  const partner = String((await run("one", "admin", "org", "create", "--name", "Partner")).json["id"]);
  const came = await run("one", "import", join(DATA, "dicom/pydicom-small"), "--org", "Clinic");
  assert.ok(came.code <= 1, came.err);
  await run("one", "admin", "token", "create", "--org", "Clinic", "--scope", "dicomweb.read");
  await run("one", "admin", "device", "create", "--org", "Clinic", "--ae", "CT1", "--out", at("device"));
  const person = uuidv7();
  const shared = await inHouse("one", async (node) => {
    await node.database.transaction({ organisation: clinic, person }, async (tx) => {
      await insertPerson(tx, { id: person, email: "reader@example.org", displayName: "Reader" });
      for (const role of ["radiologist", "privacy-officer"] as const) await giveRole(tx, clinic, person, role);
    });
    const days = 86_400_000;
    const { id } = await recordAgreement(node, systemActor(clinic, uuidv7()), {
      partner: "Partner",
      kind: "joint-care",
      reference: "A-1",
      purposes: ["care"],
      countries: ["ZA"],
      from: new Date(Date.now() - days).toISOString(),
      until: new Date(Date.now() + 30 * days).toISOString(),
    });
    const { rows } = await node.database.owner.query<{ id: string; study_uid: string }>(
      "select id, study_uid from study order by id limit 2",
    );
    const shares: Share[] = [];
    for (const study of rows) {
      const { grant } = await shareStudy(node, officer(clinic, person), {
        owner: clinic,
        study: study.id,
        subject: { kind: "organisation", id: partner },
        purpose: "care",
        basis: { kind: "agreement", id },
        rights: ["view"],
        expiresInDays: 7,
        withPriors: false,
        withReport: false,
        maxUses: null,
        notify: false,
      } as never);
      shares.push({ grant, studyUid: study.study_uid });
    }
    const device = await node.database.owner.query<{ id: string }>("select id from device");
    return { shares, device: device.rows[0]?.id ?? "" };
  });
  const taken = await run("one", "backup", "--to", at("backup"));
  assert.equal(taken.code, 0, taken.err);
  const [kept, revoked] = shared.shares;
  assert.ok(kept && revoked);
  story = { clinic, partner, kept, revoked, device: shared.device, person, backup: String(taken.json["id"]) };
  await inHouse("one", async (node) => {
    await revokeGrant(node, officer(clinic, person), { id: revoked.grant });
    await endDevice(node, systemActor(clinic, uuidv7()), { id: shared.device });
    await setRoles(node, systemActor(clinic, uuidv7()), { id: person, roles: ["radiologist"] });
  });
  assert.equal((await run("one", "ledger", "checkpoint")).code, 0);
});

/** A new house with nothing but the keys it needs. */
function newHouse(name: string, keys: readonly string[] = ["master.key", `backup-${story.backup}.key`]): string {
  mkdirSync(join(at(name), "keys"), { recursive: true, mode: 0o700 });
  for (const key of keys) cpSync(join(at("one"), "keys", key), join(at(name), "keys", key));
  return name;
}

const journal = () => join(at("one"), "journal", "revocations.jsonl");

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The content of tables as one hash each. */
const contentOf = (node: Node, tables: readonly string[]) =>
  Promise.all(
    tables.map(
      async (table) =>
        (
          await node.database.owner.query(
            `select count(*)::int as n, md5(string_agg(t::text, '|' order by t::text)) as hash from ${table} t`,
          )
        ).rows[0],
    ),
  );

const partnerMay = (node: Node, { studyUid }: Share) =>
  node.gate.verdict("view", officer(story.partner, uuidv7()), story.clinic, studyUid);

test("a backup holds no key and no patient in clear, and its key lies apart", async () => {
  const master =
    readFileSync(join(at("one"), "keys", "master.key"), "utf8")
      .split(" ")
      .at(-1)
      ?.trim() ?? "";
  const names = await inHouse("one", async (node) =>
    (
      await node.database.owner.query<{ name: string }>(
        "select distinct split_part(name, '^', 1) as name from patient where length(split_part(name, '^', 1)) >= 5",
      )
    ).rows.map(({ name }) => name),
  );
  assert.ok(names.length > 0);
  const files = filesBelow(at("backup"));
  assert.ok(files.length > 3);
  for (const file of files) {
    const bytes = readFileSync(file);
    for (const word of [...names, master, Buffer.from(master, "hex").toString("latin1"), "reader@example.org"])
      assert.equal(bytes.indexOf(word, 0, word.length === 32 ? "latin1" : "utf8"), -1, file);
  }
  assert.ok(existsSync(join(at("one"), "keys", `backup-${story.backup}.key`)));
});

test("a restore with the journal gives the same house, in which what was taken away since is taken away", async () => {
  newHouse("two");
  const restored = await run("two", "restore", "--from", at("backup"), "--journal", journal());
  assert.equal(restored.code, 0, restored.err + restored.out);
  assert.deepEqual(
    [restored.json["verified"], restored.json["replayed"], restored.json["sharingClosed"]],
    [true, 3, null],
  );
  const same = ["study", "series", "instance", "patient", "key_group", "organisation_key", 'auth."user"'];
  const before = await inHouse("one", (node) => contentOf(node, same));
  await inHouse("two", async (node) => {
    assert.deepEqual(await contentOf(node, same), before);
    const owner = node.database.owner;
    const grants = await owner.query("select id from access_grant where revoked_at is not null");
    assert.deepEqual(grants.rows, [{ id: story.revoked.grant }]);
    assert.equal((await partnerMay(node, story.kept)).allowed, true);
    assert.equal((await partnerMay(node, story.revoked)).allowed, false);
    assert.equal((await owner.query("select from device where revoked_at is null")).rowCount, 0);
    assert.equal((await owner.query("select from machine_token where revoked_at is null")).rowCount, 0);
    const roles = await owner.query(
      "select role from membership where person = $1 and (until_at is null or until_at > now())",
      [story.person],
    );
    assert.deepEqual(roles.rows, [{ role: "radiologist" }]);
    const walls = await owner.query("select count(*)::int as n from pg_class where relforcerowsecurity");
    const wallsBefore = await inHouse("one", (first) =>
      first.database.owner.query("select count(*)::int as n from pg_class where relforcerowsecurity"),
    );
    assert.deepEqual(walls.rows, wallsBefore.rows, "every wall stands again");
  });
  for (const file of filesBelow(join(at("one"), "objects")).filter((path) => /[0-9a-f]{32}$/.test(path)))
    assert.ok(readFileSync(file).equals(readFileSync(file.replace(at("one"), at("two")))), file);
  for (const file of readdirSync(join(at("one"), "certificates")))
    assert.equal(
      readFileSync(join(at("two"), "certificates", file), "utf8"),
      readFileSync(join(at("one"), "certificates", file), "utf8"),
    );
  const verified = await run("two", "ledger", "verify");
  assert.equal(verified.code, 0, verified.out);
  const old =
    readdirSync(join(at("one"), "witness", story.clinic))
      .sort()
      .at(-1) ?? "";
  const since = await run(
    "two",
    "ledger",
    "verify",
    "--org",
    story.clinic,
    "--since",
    join(at("one"), "witness", story.clinic, old),
  );
  assert.equal(since.code, 1, "what was lost with the old house is seen by whoever witnessed it");
});

test("without the journal sharing stays closed until a person opens it; own care goes on", async () => {
  newHouse("three");
  const restored = await run("three", "restore", "--from", at("backup"));
  assert.equal(restored.code, 0, restored.err);
  assert.equal(restored.json["sharingClosed"], "no-journal");
  const share = (node: Node, study: string) =>
    shareStudy(node, officer(story.clinic, story.person), {
      owner: story.clinic,
      study,
      subject: { kind: "link", recipient: "R", toPatient: true },
      purpose: "care",
      basis: { kind: "own-care" },
      rights: ["view"],
      expiresInDays: 2,
      withPriors: false,
      withReport: false,
      maxUses: 1,
      notify: false,
      challenge: { kind: "password", password: "a long password" },
    } as never);
  await inHouse("three", async (node) => {
    assert.equal((await partnerMay(node, story.kept)).allowed, false);
    assert.equal((await partnerMay(node, story.revoked)).allowed, false);
    assert.equal(
      (await node.gate.verdict("view", officer(story.clinic, story.person), story.clinic, story.kept.studyUid)).allowed,
      true,
    );
    const { rows } = await node.database.owner.query<{ id: string }>("select id from study where study_uid = $1", [
      story.kept.studyUid,
    ]);
    await assert.rejects(share(node, rows[0]?.id ?? ""), { code: "share.refused", place: "sharing-closed" });
  });
  const opened = await run("three", "admin", "sharing", "open");
  assert.deepEqual(opened.json, { wasClosed: true, opened: 2, dropped: 0 });
  await inHouse("three", async (node) => assert.equal((await partnerMay(node, story.kept)).allowed, true));
  assert.equal((await run("three", "ledger", "verify")).code, 0);
  assert.deepEqual((await run("three", "admin", "sharing", "open")).json, { wasClosed: false, opened: 0, dropped: 0 });
});

test("a journal that ends before the backup, or lost a line, is replayed and does not open anything", async () => {
  const lines = readFileSync(journal(), "utf8").trimEnd().split("\n");
  const early = at("early.jsonl");
  writeFileSync(early, `${lines[0]}\n`);
  newHouse("four");
  assert.equal(
    (await run("four", "restore", "--from", at("backup"), "--journal", early)).json["sharingClosed"],
    "journal-ends-too-early",
  );
  const gap = at("gap.jsonl");
  writeFileSync(gap, `${lines.filter((_, index) => index !== 1).join("\n")}\n`);
  newHouse("five");
  const restored = await run("five", "restore", "--from", at("backup"), "--journal", gap);
  assert.equal(restored.json["sharingClosed"], "journal-damaged");
  assert.ok(Number(restored.json["replayed"]) >= 2);
});

test("a restore refuses a living house, another master key, another backup's key and a backup without its manifest", async () => {
  const living = await run("one", "restore", "--from", at("backup"));
  assert.deepEqual([living.code, /not empty/.test(living.err)], [3, true]);
  newHouse("six", [`backup-${story.backup}.key`]);
  const keyless = await run("six", "restore", "--from", at("backup"));
  assert.deepEqual([keyless.code, /master\.key/.test(keyless.err)], [3, true]);
  assert.equal(existsSync(join(at("six"), "keys", "master.key")), false, "no key is made up");
  newHouse("seven", ["master.key"]);
  const locked = await run("seven", "restore", "--from", at("backup"));
  assert.deepEqual([locked.code, /--key/.test(locked.err)], [3, true]);
  mkdirSync(at("half"));
  cpSync(join(at("backup"), "database.sealed"), join(at("half"), "database.sealed"));
  newHouse("eight");
  assert.equal((await run("eight", "restore", "--from", at("half"))).code, 3);
  assert.equal((await run("one", "backup", "--to", at("backup"))).code, 3, "a backup is never written over");
});

test("a damaged backup is refused, and what a broken restore left opens for no program", async () => {
  for (const [name, damage] of [
    [
      "object",
      (copy: string) => flip(filesBelow(join(copy, "objects")).find((path) => /[0-9a-f]{32}$/.test(path)) ?? ""),
    ],
    ["dump", (copy: string) => flip(join(copy, "database.sealed"))],
    ["list", (copy: string) => writeFileSync(join(copy, "objects.tsv"), "")],
    [
      "manifest",
      (copy: string) =>
        writeFileSync(
          join(copy, "manifest.json"),
          readFileSync(join(copy, "manifest.json"), "utf8").replace(/"rows": \d+/, '"rows": 1'),
        ),
    ],
  ] as const) {
    const copy = at(`copy-${name}`);
    cpSync(at("backup"), copy, { recursive: true });
    damage(copy);
    newHouse(`house-${name}`);
    const { code, err } = await run(`house-${name}`, "restore", "--from", copy);
    assert.equal(code, 3, name);
    assert.match(err, /damaged|changed|not what was sealed/, name);
    if (name === "manifest") continue; // refused before anything was written
    const opened = await run(`house-${name}`, "admin", "org", "list");
    assert.deepEqual([opened.code, /did not end well/.test(opened.err)], [3, true], name);
  }
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
