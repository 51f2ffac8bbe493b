import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { EncryptionState } from "#contract/studies.ts";
import type { Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import { settleLedger } from "#features/audit/ledger/sequencer.ts";
import { WitnessFolder } from "#features/audit/ledger/witness.ts";
import { backupKeyFile } from "#features/compliance/encryption.ts";
import { addEncryptionHttp } from "#features/compliance/http.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { createAuthority } from "#platform/dicom/certificates.ts";
import { newKey } from "#trust/keys/wrap.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation, peopleHouse } from "../../../test/support/people.ts";

const database = await testDatabase();
const house = peopleHouse(database);
const folder = mkdtempSync(join(tmpdir(), "safelight-compliance-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let asking: Actor | null = null;
const authority = await createAuthority({ name: "Test", now: new Date() });
addEncryptionHttp(house.app, {
  world: house.world,
  config: { dataDir: folder, tlsCert: undefined, databaseUrl: undefined },
  master: newKey(),
  certificates: { server: { cert: authority.cert } },
  ports: () => ({ http: 8080, dicom: null, dicomTls: 2762, hl7: null, hl7Tls: null }),
  authenticate: async () => asking,
});
const organisation = await anOrganisation(house.world);

const as = (role: Role): Actor => ({
  kind: "person",
  id: uuidv7(),
  organisation,
  roles: [role],
  purpose: "operations",
  session: uuidv7(),
});
const get = () => house.app.inject({ method: "GET", url: "/api/encryption", headers: { host: "localhost:8080" } });

test("the encryption page says what runs: wires with certificates, stores, keys, witnesses", async () => {
  const made = await settleLedger(house.world, organisation, new WitnessFolder(folder));
  asking = as("administrator");
  const state = EncryptionState.parse((await get()).json());
  assert.deepEqual(
    state.wires.map((wire) => wire.state),
    ["loopback-plain", "on", "off", "off", "off"],
  );
  assert.match(state.wires[1]?.certificate?.sha256 ?? "", /^[0-9A-F:]{95}$/);
  assert.deepEqual(
    state.keys.map(({ kind }) => kind),
    ["master", "organisation", "signing"],
  );
  assert.equal(state.witnesses.find(({ kind }) => kind === "folder")?.size, made?.size);
  assert.deepEqual(state.backup, { lastAt: null, sha256: null, keyKeptElsewhere: false });
});

test("the last backup is shown with its hash, and whether its key still lies beside the data", async () => {
  const id = uuidv7();
  await database.owner.query(
    "insert into backup (id, at, manifest_sha256, objects, bytes) values ($1, now(), sha256('m'), 0, 0)",
    [id],
  );
  asking = as("privacy-officer");
  const backup = async () => EncryptionState.parse((await get()).json()).backup;
  assert.equal((await backup()).keyKeptElsewhere, true);
  mkdirSync(join(folder, "keys"), { recursive: true });
  writeFileSync(backupKeyFile(folder, id), "");
  assert.equal((await backup()).keyKeptElsewhere, false);
  assert.match((await backup()).sha256 ?? "", /^[0-9a-f]{64}$/);
});

test("roles of care and strangers do not see it", async () => {
  asking = as("radiologist");
  assert.equal((await get()).statusCode, 403);
  asking = null;
  assert.equal((await get()).statusCode, 401);
});
