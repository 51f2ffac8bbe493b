import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { uuidv7 } from "#kit/uuid.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Keyring } from "#features/keys/keyring.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";
import { leafHash } from "#trust/ledger/merkle.ts";
import { openSmall, sealSmall } from "#trust/seal/envelope.ts";

/** One entry of the record before it has its number. `facts` holds IDs, counts and codes only; `detail` whatever names people or is free text. */
export type EntryDraft = {
  organisation: string;
  action: string;
  outcome: "done" | "refused" | "failed";
  because: string;
  patient?: string | undefined;
  study?: string | undefined;
  subject?: string | undefined;
  facts?: Record<string, string | number | boolean | readonly string[] | null>;
  detail?: Record<string, unknown>;
};

type Inside = { tx: Tx; now: Date; keyring: Keyring };

/** Writes one entry in the caller's transaction; without that commit there is no change either. */
export async function recordEntry(inside: Inside, who: Actor, draft: EntryDraft): Promise<string> {
  const id = uuidv7(inside.now.getTime());
  const detail = draft.detail === undefined ? null : await sealDetail(inside, draft.organisation, id, draft.detail);
  const body = canonicalJson({
    action: draft.action,
    actor: who.id,
    actorKind: who.kind,
    actorOrganisation: who.organisation,
    at: inside.now.toISOString(),
    because: draft.because,
    detail: detail?.commitment ?? null,
    facts: draft.facts ?? {},
    id,
    organisation: draft.organisation,
    outcome: draft.outcome,
    patient: draft.patient ?? null,
    purpose: who.purpose,
    study: draft.study ?? null,
    subject: draft.subject ?? null,
  });
  await sql`insert into ledger_entry (organisation, id, at, action, outcome, actor_kind, actor, purpose, because, patient, study, subject, body, leaf_hash)
    values (${draft.organisation}, ${id}, ${inside.now}, ${draft.action}, ${draft.outcome}, ${who.kind}, ${who.id}, ${who.purpose}, ${draft.because},
      ${draft.patient ?? null}, ${draft.study ?? null}, ${draft.subject ?? null}, ${body}, ${Buffer.from(leafHash(Buffer.from(body, "utf8")))})`.execute(inside.tx);
  if (detail) {
    await sql`insert into ledger_detail (organisation, entry, salt, sealed) values (${draft.organisation}, ${id}, ${detail.salt}, ${detail.sealed})`.execute(inside.tx);
  }
  return id;
}

type SealedDetail = { salt: Buffer; sealed: Buffer; commitment: string };

async function sealDetail(inside: Inside, organisation: string, entry: string, detail: Record<string, unknown>): Promise<SealedDetail> {
  const plain = Buffer.from(canonicalJson(detail), "utf8");
  const salt = randomBytes(32);
  const { version, key } = await inside.keyring.organisationKey(inside.tx, organisation);
  const commitment = createHash("sha256").update(salt).update(plain).digest("base64");
  return { salt, commitment, sealed: Buffer.concat([Buffer.of(version >> 8, version & 0xff), sealSmall(key, `detail:${entry}`, plain)]) };
}

/** The detail of an entry, or null once it was erased. */
export async function openDetail(tx: Tx, keyring: Keyring, organisation: string, entry: string, sealed: Buffer): Promise<Record<string, unknown>> {
  const key = await keyring.organisationKeyVersion(tx, organisation, sealed.readUInt16BE(0));
  return JSON.parse(openSmall(key, `detail:${entry}`, sealed.subarray(2)).toString("utf8")) as Record<string, unknown>;
}
