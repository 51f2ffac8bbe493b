import { createPublicKey, type KeyObject } from "node:crypto";
import { sql } from "kysely";
import { systemActor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import type { Keyring } from "#features/keys/keyring.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { newKey, unwrapKey, wrapKey } from "#trust/keys/wrap.ts";
import { faultless } from "#trust/ledger/finding.ts";
import { formatVerifier, parseVerifier, publicKeyBytes, publicKeyOf, signingKeyOf } from "#trust/ledger/signing.ts";

type KeyRow = {
  version: number;
  public_key: Buffer;
  wrapped_private_key: Buffer;
  key_version: number;
  retired_at: Date | null;
  created_at: Date;
};

async function keyRows(tx: Tx, organisation: string): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select version, public_key, wrapped_private_key, key_version, retired_at, created_at from ledger_signing_key
    where organisation = ${organisation} order by version desc`.execute(tx);
  return rows;
}

/** The key that signs an organisation's checkpoints; made, and put on the record, when there is none. Call it under the ledger's lock. */
export async function signingKey(tx: Tx, keyring: Keyring, organisation: string, session: string): Promise<KeyObject> {
  const row = (await keyRows(tx, organisation)).find(({ retired_at }) => retired_at === null);
  if (row !== undefined) return openKey(tx, keyring, organisation, row);
  const seed = newKey();
  const key = signingKeyOf(seed);
  const { version, key: under } = await keyring.organisationKey(tx, organisation);
  const next = ((await keyRows(tx, organisation))[0]?.version ?? 0) + 1;
  await sql`insert into ledger_signing_key (organisation, version, public_key, wrapped_private_key, key_version)
    values (${organisation}, ${next}, ${publicKeyBytes(key)}, ${wrapKey(under, seed)}, ${version})`.execute(tx);
  await recordEntry({ tx, now: tx.now, keyring }, systemActor(organisation, session), {
    organisation,
    action: "ledger.key",
    outcome: "done",
    because: "first-use",
    detail: { version: next, publicKey: formatVerifier(organisation, createPublicKey(key)) },
  });
  return key;
}

/** @throws Fault key.broken when the public key in the row is not the sealed one's: somebody put another there */
async function openKey(tx: Tx, keyring: Keyring, organisation: string, row: KeyRow): Promise<KeyObject> {
  const under = await keyring.organisationKeyVersion(tx, organisation, row.key_version);
  const key = signingKeyOf(unwrapKey(under, row.wrapped_private_key));
  if (!publicKeyBytes(key).equals(row.public_key))
    throw new Fault(
      "key.broken",
      "the public key that is kept for this ledger is not the one its checkpoints are signed with",
    );
  return key;
}

export type PublicSigningKey = {
  version: number;
  publicKey: KeyObject;
  line: string;
  createdAt: Date;
  genuine: boolean;
};

/** Every key that ever signed, the current one first. `genuine`: its private half lies sealed under the organisation's key. */
export async function publicKeys(tx: Tx, keyring: Keyring, organisation: string): Promise<PublicSigningKey[]> {
  const keys: PublicSigningKey[] = [];
  for (const row of await keyRows(tx, organisation)) {
    const genuine = await openKey(tx, keyring, organisation, row).then(
      () => true,
      (fault: unknown) => {
        if (fault instanceof Fault && fault.code === "key.broken") return false;
        throw fault;
      },
    );
    const publicKey = faultless(() => publicKeyOf(row.public_key));
    if (publicKey === undefined) continue; // no key at all: what it should verify will not
    const line = formatVerifier(organisation, publicKey);
    keys.push({ version: row.version, publicKey, line, createdAt: row.created_at, genuine });
  }
  return keys;
}

/** The public key in a line or in the text of a file that holds one. @throws Fault input.invalid */
export function publicKeyIn(text: string): { organisation: string; publicKey: KeyObject } {
  const line = text.split(/\r?\n/).find((candidate) => candidate.trim().startsWith("safelight/")) ?? text;
  return parseVerifier(line);
}
