import { sql } from "kysely";
import { bumpEpochs, epochOf } from "#features/keys/epochs.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { KeyCache } from "#trust/keys/cache.ts";
import { Keychain, type KeyGroupRow, type OrganisationKeyRow } from "#trust/keys/keychain.ts";
import { type SecretKey, wrapKey } from "#trust/keys/wrap.ts";
import type { Wrapper } from "#trust/keys/wrapper.ts";

export type { SecretKey } from "#trust/keys/wrap.ts";

/**
 * The keys of this server's organisations: rows in the database, opened by the master key or KMS, in memory for at most
 * 60 s under the policy epoch they were read in. Rows are read in the caller's transaction, so that row-level security
 * decides whose keys can be had at all.
 */
export class Keyring {
  readonly #wrappers: readonly [Wrapper, ...Wrapper[]];
  readonly #cache: KeyCache;
  /** Which version is current, under the epoch it was read in: rotation bumps it. */
  readonly #current = new Map<string, { epoch: bigint; version: number }>();

  constructor(options: { wrappers: readonly [Wrapper, ...Wrapper[]]; now: () => Date }) {
    this.#wrappers = options.wrappers;
    this.#cache = new KeyCache({ now: options.now });
  }

  /** The current key of an organisation; its first one is made when there is none. */
  async organisationKey(tx: Tx, organisation: string): Promise<{ version: number; key: SecretKey }> {
    const epoch = await epochOf(tx, organisation);
    const known = this.#current.get(organisation);
    const version = known?.epoch === epoch ? known.version : await this.#currentVersion(tx, organisation, epoch);
    return { version, key: await this.#chain(tx).organisationKey(organisation, version, epoch) };
  }

  async #currentVersion(tx: Tx, organisation: string, epoch: bigint): Promise<number> {
    const { rows } = await sql<{ version: number }>`
      select version from organisation_key where organisation = ${organisation} and retired_at is null order by version desc limit 1`.execute(
      tx,
    );
    const version = rows[0]?.version;
    if (version === undefined) return this.#first(tx, this.#chain(tx), organisation); // remembered only once it is committed
    this.#current.set(organisation, { epoch, version });
    return version;
  }

  /** The organisation's key of the version something was sealed under. */
  async organisationKeyVersion(tx: Tx, organisation: string, version: number): Promise<SecretKey> {
    return this.#chain(tx).organisationKey(organisation, version, await epochOf(tx, organisation));
  }

  async #first(tx: Tx, chain: Keychain, organisation: string): Promise<number> {
    const row = await chain.newOrganisationKey(organisation, 1);
    await insertOrganisationKey(tx, row);
    return 1;
  }

  /** A new version: objects keep their wraps; every key group is wrapped again, 40 bytes each. */
  async rotate(tx: Tx, organisation: string): Promise<{ version: number; groups: number }> {
    const chain = this.#chain(tx);
    const { version } = await this.organisationKey(tx, organisation);
    const next = version + 1;
    await insertOrganisationKey(tx, await chain.newOrganisationKey(organisation, next));
    const epoch = await epochOf(tx, organisation);
    const { rows } =
      await sql<GroupRow>`select organisation, id, wrapped, key_version from key_group where organisation = ${organisation} for update`.execute(
        tx,
      );
    for (const row of rows) {
      const moved = await chain.rewrapKeyGroup(groupOf(row), next, epoch);
      await sql`update key_group set wrapped = ${moved.wrapped}, key_version = ${next} where organisation = ${organisation} and id = ${row.id}`.execute(
        tx,
      );
    }
    await sql`update organisation_key set retired_at = now() where organisation = ${organisation} and version <= ${version} and retired_at is null`.execute(
      tx,
    );
    await bumpEpochs(tx, [organisation]);
    return { version: next, groups: rows.length };
  }

  async newGroup(tx: Tx, organisation: string): Promise<{ id: string; key: SecretKey }> {
    const { version } = await this.organisationKey(tx, organisation);
    const { row, key } = await this.#chain(tx).newKeyGroup(
      organisation,
      uuidv7(),
      version,
      await epochOf(tx, organisation),
    );
    await sql`insert into key_group (organisation, id, wrapped, key_version) values (${organisation}, ${row.group}, ${row.wrapped}, ${version})`.execute(
      tx,
    );
    return { id: row.group, key };
  }

  /** @throws Fault key.destroyed when the study was erased, study.unknown when the scope may not see it */
  async groupKey(tx: Tx, organisation: string, group: string): Promise<SecretKey> {
    const { rows } =
      await sql<GroupRow>`select organisation, id, wrapped, key_version from key_group where organisation = ${organisation} and id = ${group}`.execute(
        tx,
      );
    const row = rows[0];
    if (row === undefined)
      throw new Fault("key.destroyed", "the key of this study was destroyed: its images are erased");
    return this.#chain(tx).groupKey(groupOf(row), await epochOf(tx, organisation));
  }

  wrapUnder(group: SecretKey, object: SecretKey): Buffer {
    return wrapKey(group, object);
  }

  forget(organisation: string): void {
    this.#cache.purge(`${organisation}/`);
  }

  #chain(tx: Tx): Keychain {
    return new Keychain({
      wrappers: this.#wrappers,
      cache: this.#cache,
      organisationKey: (organisation, version) => readOrganisationKey(tx, organisation, version),
    });
  }
}

type GroupRow = { organisation: string; id: string; wrapped: Buffer; key_version: number };

function groupOf(row: GroupRow): KeyGroupRow {
  return {
    organisation: row.organisation,
    group: row.id,
    organisationKeyVersion: row.key_version,
    wrapped: row.wrapped,
  };
}

async function readOrganisationKey(
  tx: Tx,
  organisation: string,
  version: number,
): Promise<OrganisationKeyRow | undefined> {
  const { rows } = await sql<{ wrapped: Buffer; wrapper: string }>`
    select wrapped, wrapper from organisation_key where organisation = ${organisation} and version = ${version}`.execute(
    tx,
  );
  const row = rows[0];
  return row && { organisation, version, wrapperId: row.wrapper, wrapped: row.wrapped };
}

async function insertOrganisationKey(tx: Tx, row: OrganisationKeyRow): Promise<void> {
  await sql`insert into organisation_key (organisation, version, wrapped, wrapper) values (${row.organisation}, ${row.version}, ${row.wrapped}, ${row.wrapperId})`.execute(
    tx,
  );
}
