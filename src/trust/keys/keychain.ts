import { Fault } from "#kit/fault.ts";
import type { KeyCache } from "./cache.ts";
import { newKey, type SecretKey, unwrapKey, wrapKey } from "./wrap.ts";
import type { WrapContext, Wrapper } from "./wrapper.ts";

/** An organisation key as it is stored. `wrapped` is undefined once it was destroyed: with it goes all the organisation holds. */
export type OrganisationKeyRow = {
  organisation: string;
  version: number;
  wrapperId: string;
  wrapped: Uint8Array | undefined;
};

/** A key group (a study, or a patient for what is not a study). `wrapped` is undefined once it was destroyed: with it go every copy, representation and thumbnail. */
export type KeyGroupRow = {
  organisation: string;
  group: string;
  organisationKeyVersion: number;
  wrapped: Uint8Array | undefined;
};

export type KeychainNeeds = {
  /** The holders of master keys, the current one first; the others open what they wrapped before a rotation. */
  wrappers: readonly [Wrapper, ...Wrapper[]];
  cache: KeyCache;
  organisationKey: (organisation: string, version: number) => Promise<OrganisationKeyRow | undefined>;
};

/**
 * Master key → organisation key → key group → object key. It reads rows that it is given and makes rows for others to
 * store; it stores nothing. Keys are cached under the policy epoch of the organisation.
 */
export class Keychain {
  readonly #needs: KeychainNeeds;
  /** Organisation keys on their way: many requests after a change of epoch ask the topmost holder once. */
  readonly #pending = new Map<string, Promise<SecretKey>>();

  constructor(needs: KeychainNeeds) {
    this.#needs = needs;
  }

  /** A first or next organisation key, wrapped by the current master key. */
  async newOrganisationKey(organisation: string, version: number): Promise<OrganisationKeyRow> {
    const [wrapper] = this.#needs.wrappers;
    const wrapped = await wrapper.wrap(newKey(), contextOf(organisation, version));
    return { organisation, version, wrapperId: wrapper.id, wrapped };
  }

  /** The same organisation key under the current master key: what rotating the master key does to each row. */
  async rewrapOrganisationKey(row: OrganisationKeyRow): Promise<OrganisationKeyRow> {
    const [wrapper] = this.#needs.wrappers;
    const key = await this.#openOrganisationKey(row);
    const wrapped = await wrapper.wrap(key, contextOf(row.organisation, row.version));
    return { ...row, wrapperId: wrapper.id, wrapped };
  }

  /** A new key group under the organisation key of that version, and its key. */
  async newKeyGroup(organisation: string, group: string, version: number, epoch: bigint) {
    const key = newKey();
    const wrapped = wrapKey(await this.organisationKey(organisation, version, epoch), key);
    const row: KeyGroupRow = { organisation, group, organisationKeyVersion: version, wrapped };
    this.#needs.cache.put(groupName(row), epoch, key);
    return { row, key };
  }

  /** The same key group under another version of the organisation key: rotation, 40 bytes a study. Throws `key.destroyed`, `key.broken`. */
  async rewrapKeyGroup(row: KeyGroupRow, version: number, epoch: bigint): Promise<KeyGroupRow> {
    const key = await this.groupKey(row, epoch);
    const wrapped = wrapKey(await this.organisationKey(row.organisation, version, epoch), key);
    return { ...row, organisationKeyVersion: version, wrapped };
  }

  /** Throws `key.destroyed` when it is gone for good, `key.broken`, and what the wrapper throws. */
  async organisationKey(organisation: string, version: number, epoch: bigint): Promise<SecretKey> {
    const name = `${organisation}/organisation/${version}`;
    const cached = this.#needs.cache.get(name, epoch);
    if (cached !== undefined) return cached;
    const asked = `${name}/${epoch}`;
    const pending = this.#pending.get(asked) ?? this.#fetchOrganisationKey(organisation, version);
    this.#pending.set(asked, pending);
    try {
      const key = await pending;
      if (this.#pending.get(asked) === pending) this.#needs.cache.put(name, epoch, key);
      return key;
    } finally {
      if (this.#pending.get(asked) === pending) this.#pending.delete(asked);
    }
  }

  /** The key of a key group. A row without a wrap throws `key.destroyed` even while the cache still remembers. */
  async groupKey(row: KeyGroupRow, epoch: bigint): Promise<SecretKey> {
    if (row.wrapped === undefined) {
      this.#needs.cache.purge(groupName(row));
      throw new Fault("key.destroyed", "the key of this study was destroyed: its images are erased");
    }
    const cached = this.#needs.cache.get(groupName(row), epoch);
    if (cached !== undefined) return cached;
    const key = unwrapKey(await this.organisationKey(row.organisation, row.organisationKeyVersion, epoch), row.wrapped);
    this.#needs.cache.put(groupName(row), epoch, key);
    return key;
  }

  /** The key of one object, from the wrap in its row; `undefined` stands for a destroyed one. Throws `key.destroyed`, `key.broken`. */
  async objectKey(row: KeyGroupRow, wrapped: Uint8Array | undefined, epoch: bigint): Promise<SecretKey> {
    if (wrapped === undefined) throw new Fault("key.destroyed", "the key of this object was destroyed: it is erased");
    return unwrapKey(await this.groupKey(row, epoch), wrapped);
  }

  /** Forgets an organisation's keys at once: call it with every change of its policy epoch that this process sees. */
  forget(organisation: string): void {
    this.#needs.cache.purge(`${organisation}/`);
    for (const asked of this.#pending.keys()) if (asked.startsWith(`${organisation}/`)) this.#pending.delete(asked);
  }

  async #fetchOrganisationKey(organisation: string, version: number): Promise<SecretKey> {
    const row = await this.#needs.organisationKey(organisation, version);
    if (row === undefined) throw new Fault("key.broken", `the organisation has no key of version ${version}`);
    return this.#openOrganisationKey(row);
  }

  async #openOrganisationKey(row: OrganisationKeyRow): Promise<SecretKey> {
    if (row.wrapped === undefined) {
      throw new Fault("key.destroyed", "the organisation's key was destroyed: all it held is erased");
    }
    const wrapper = this.#needs.wrappers.find((candidate) => candidate.id === row.wrapperId);
    if (wrapper === undefined) {
      throw new Fault(
        "config.invalid",
        `the organisation's key needs the master key ${row.wrapperId}: give it as well`,
      );
    }
    return wrapper.unwrap(row.wrapped, contextOf(row.organisation, row.version));
  }
}

function contextOf(organisation: string, version: number): WrapContext {
  return { purpose: "organisation-key", organisation, version: String(version) };
}

function groupName(row: KeyGroupRow): string {
  return `${row.organisation}/group/${row.group}`;
}
