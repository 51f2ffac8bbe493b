import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { openBytes } from "../seal/opener.ts";
import { sealBytes } from "../seal/sealer.ts";
import { KeyCache } from "./cache.ts";
import { Keychain, type OrganisationKeyRow } from "./keychain.ts";
import { newKey, newObjectKey, rewrapKey, wrapKey } from "./wrap.ts";
import { type Wrapper, wrapperFromKey } from "./wrapper.ts";

/** A keychain over rows in memory, and how often the topmost key was asked. */
function clinic(...wrappers: [Wrapper, ...Wrapper[]]) {
  const rows = new Map<string, OrganisationKeyRow>();
  let asked = 0;
  const counting = wrappers.map((wrapper) => ({
    id: wrapper.id,
    wrap: (...args: Parameters<Wrapper["wrap"]>) => wrapper.wrap(...args),
    unwrap: (...args: Parameters<Wrapper["unwrap"]>) => {
      asked += 1;
      return wrapper.unwrap(...args);
    },
  })) as [Wrapper, ...Wrapper[]];
  const keychain = new Keychain({
    wrappers: counting,
    cache: new KeyCache({ now: () => new Date(0) }),
    organisationKey: async (organisation, version) => rows.get(`${organisation}/${version}`),
  });
  const store = (row: OrganisationKeyRow) => rows.set(`${row.organisation}/${row.version}`, row);
  return { keychain, store, rows, asked: () => asked };
}

test("an object sealed under master, organisation, group and object key opens again after a restart", async () => {
  const master = wrapperFromKey(newKey(), "file:a");
  const first = clinic(master);
  first.store(await first.keychain.newOrganisationKey("org", 1));
  const group = await first.keychain.newKeyGroup("org", "study", 1, 1n);
  const objectKey = newObjectKey();
  const wrapped = wrapKey(group.key, objectKey);
  const objectId = randomUUID();
  const sealed = sealBytes({ key: objectKey, objectId }, Buffer.from("pixels"));

  const second = clinic(master);
  for (const row of first.rows.values()) second.store(row);
  const key = await second.keychain.objectKey(group.row, wrapped, 1n);
  assert.equal(openBytes({ key, objectId }, sealed).toString(), "pixels");
  await second.keychain.objectKey(group.row, wrapped, 1n);
  assert.equal(second.asked(), 1, "the topmost key is asked once");
  await second.keychain.objectKey(group.row, wrapped, 2n);
  assert.equal(second.asked(), 2, "and again under another policy epoch");
  second.keychain.forget("org");
  await second.keychain.objectKey(group.row, wrapped, 2n);
  assert.equal(second.asked(), 3, "and after forgetting");
});

test("a destroyed group key stays destroyed even while it is still cached, and so do an object's and an organisation's", async () => {
  const { keychain, store } = clinic(wrapperFromKey(newKey(), "file:a"));
  const row = await keychain.newOrganisationKey("org", 1);
  store(row);
  const group = await keychain.newKeyGroup("org", "study", 1, 1n);
  const wrapped = wrapKey(group.key, newObjectKey());
  await keychain.objectKey(group.row, wrapped, 1n);
  await assert.rejects(keychain.objectKey(group.row, undefined, 1n), { code: "key.destroyed" });
  await assert.rejects(keychain.objectKey({ ...group.row, wrapped: undefined }, wrapped, 1n), {
    code: "key.destroyed",
  });
  store({ ...row, wrapped: undefined });
  await assert.rejects(keychain.organisationKey("org", 1, 2n), { code: "key.destroyed" });
});

test("rotating the master key re-wraps organisation keys; both master keys work meanwhile, then the new one alone", async () => {
  const [old, next] = [wrapperFromKey(newKey(), "file:old"), wrapperFromKey(newKey(), "file:new")];
  const before = clinic(old);
  const row = await before.keychain.newOrganisationKey("org", 1);
  before.store(row);
  const group = await before.keychain.newKeyGroup("org", "study", 1, 1n);

  const during = clinic(next, old);
  during.store(row);
  const rewrapped = await during.keychain.rewrapOrganisationKey(row);
  assert.equal(rewrapped.wrapperId, "file:new");

  const after = clinic(next);
  after.store(row);
  await assert.rejects(after.keychain.groupKey(group.row, 1n), { code: "config.invalid", message: /file:old/ });
  after.store(rewrapped);
  assert.deepEqual((await after.keychain.groupKey(group.row, 1n)).reveal(), group.key.reveal());
});

test("rotating the organisation key re-wraps key groups and leaves objects as they are", async () => {
  const { keychain, store } = clinic(wrapperFromKey(newKey(), "file:a"));
  store(await keychain.newOrganisationKey("org", 1));
  store(await keychain.newOrganisationKey("org", 2));
  const group = await keychain.newKeyGroup("org", "study", 1, 1n);
  const wrapped = wrapKey(group.key, newObjectKey());
  const moved = await keychain.rewrapKeyGroup(group.row, 2, 1n);
  assert.equal(moved.organisationKeyVersion, 2);
  assert.notDeepEqual(moved.wrapped, group.row.wrapped);
  keychain.forget("org");
  const [a, b] = [await keychain.objectKey(group.row, wrapped, 1n), await keychain.objectKey(moved, wrapped, 2n)];
  assert.deepEqual(a.reveal(), b.reveal());
});

test("an object that moves to another study takes its key along, and the old study's key no longer opens it", async () => {
  const { keychain, store } = clinic(wrapperFromKey(newKey(), "file:a"));
  store(await keychain.newOrganisationKey("org", 1));
  const [from, to] = [await keychain.newKeyGroup("org", "1", 1, 1n), await keychain.newKeyGroup("org", "2", 1, 1n)];
  const wrapped = rewrapKey(from.key, to.key, wrapKey(from.key, newObjectKey()));
  await keychain.objectKey(to.row, wrapped, 1n);
  await assert.rejects(keychain.objectKey(from.row, wrapped, 1n), { code: "key.broken" });
});

test("an organisation's key does not open as another organisation's or another version's", async () => {
  const { keychain, store } = clinic(wrapperFromKey(newKey(), "file:a"));
  const row = await keychain.newOrganisationKey("a", 1);
  store({ ...row, organisation: "b" });
  store({ ...row, version: 2 });
  await assert.rejects(keychain.organisationKey("b", 1, 1n), { code: "key.broken" });
  await assert.rejects(keychain.organisationKey("a", 2, 1n), { code: "key.broken" });
  await assert.rejects(keychain.organisationKey("a", 3, 1n), { code: "key.broken" });
});

test("many requests at once ask the topmost key once, and a failure is not remembered", async () => {
  const master = wrapperFromKey(newKey(), "file:a");
  const { keychain, store, rows, asked } = clinic(master);
  store(await keychain.newOrganisationKey("org", 1));
  const keys = await Promise.all(Array.from({ length: 50 }, () => keychain.organisationKey("org", 1, 1n)));
  assert.equal(asked(), 1);
  assert.equal(new Set(keys).size, 1);
  const row = rows.get("org/1");
  rows.clear();
  await assert.rejects(keychain.organisationKey("org", 1, 2n), { code: "key.broken" });
  if (row !== undefined) store(row);
  await keychain.organisationKey("org", 1, 2n);
  assert.equal(asked(), 2);
});

test("a key that was on its way while its organisation was forgotten is not remembered", async () => {
  const { keychain, store, asked } = clinic(wrapperFromKey(newKey(), "file:a"));
  store(await keychain.newOrganisationKey("org", 1));
  const underway = keychain.organisationKey("org", 1, 1n);
  keychain.forget("org");
  await underway;
  await keychain.organisationKey("org", 1, 1n);
  assert.equal(asked(), 2);
});
