import { sql } from "kysely";
import type { AuditAction } from "#contract/audit.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Keyring, SecretKey } from "#features/keys/keyring.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";
import { commitDetail, readEntry } from "#trust/ledger/entry.ts";
import { openSmall, sealSmall } from "#trust/seal/envelope.ts";

/** One entry of the record before it has its number. Whatever names people, counts or is free text goes into `detail`, which is sealed. */
export type EntryDraft = {
  organisation: string;
  action: AuditAction;
  outcome: "done" | "refused" | "failed";
  because: string;
  patient?: string | undefined;
  study?: string | undefined;
  subject?: string | undefined;
  detail?: Record<string, unknown>;
};

type Inside = { tx: Tx; now: Date; keyring: Keyring };

/** Writes one entry in the caller's transaction; without that commit there is no change either. */
export async function recordEntry(inside: Inside, who: Actor, draft: EntryDraft): Promise<string> {
  const [id] = await recordEntries(inside, who, [draft]);
  if (id === undefined) throw new Fault("internal", "an entry of the record got no name");
  return id;
}

/** The same for several at the cost of one question to the database. Answers their ids, in order. */
export async function recordEntries(inside: Inside, who: Actor, drafts: readonly EntryDraft[]): Promise<string[]> {
  const entries: WholeEntry[] = [];
  for (const draft of drafts) entries.push(await wholeEntry(inside, who, draft));
  const column = <Value>(of: (entry: WholeEntry) => Value): Value[] => entries.map(of);
  const draftColumn = (name: "study" | "patient" | "subject"): (string | null)[] =>
    column(({ draft }) => draft[name] ?? null);
  await sql`with entry (organisation, id, action, outcome, because, patient, study, subject, body, salt, sealed) as (
      select * from unnest(${column(({ draft }) => draft.organisation)}::uuid[], ${column(({ id }) => id)}::uuid[], ${column(({ draft }) => draft.action)}::text[],
        ${column(({ draft }) => draft.outcome)}::text[], ${column(({ because }) => because)}::text[], ${draftColumn("patient")}::uuid[], ${draftColumn("study")}::uuid[],
        ${draftColumn("subject")}::uuid[], ${column(({ body }) => body)}::text[], ${column(({ detail }) => detail.salt)}::bytea[], ${column(({ detail }) => detail.sealed)}::bytea[])),
    written as (
      insert into ledger_entry (organisation, id, at, action, outcome, actor_kind, actor, purpose, because, patient, study, subject, body)
      select organisation, id, ${inside.now}::timestamptz, action, outcome, ${who.kind}::text, ${who.id}::uuid, ${who.purpose}::text, because, patient, study, subject, body from entry)
    insert into ledger_detail (organisation, entry, salt, sealed) select organisation, id, salt, sealed from entry`.execute(
    inside.tx,
  );
  return entries.map(({ id }) => id);
}

type WholeEntry = { id: string; draft: EntryDraft; because: string; body: string; detail: SealedDetail };

async function wholeEntry(inside: Inside, who: Actor, draft: EntryDraft): Promise<WholeEntry> {
  const id = uuidv7(inside.now.getTime());
  const detail = await sealDetail(inside, draft.organisation, id, draft.detail ?? {});
  const because = draft.because === "" ? draft.outcome : draft.because;
  const entry = {
    organisation: draft.organisation,
    at: inside.now.toISOString(),
    action: draft.action,
    actor: ids({ kind: who.kind, [who.kind]: who.id, organisation: who.organisation }),
    subject: ids({
      entry: id,
      patient: draft.patient,
      study: draft.study,
      subject: draft.subject,
      purpose: who.purpose,
    }),
    outcome: draft.outcome,
    because,
    detailCommitment: detail.commitment,
  };
  readEntry({ ...entry, sequence: 0 }); // what is no entry could never get its number
  return { id, draft, because, body: canonicalJson(entry), detail };
}

function ids(given: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}

type SealedDetail = { salt: Buffer; sealed: Buffer; commitment: string };

async function sealDetail(
  inside: Inside,
  organisation: string,
  entry: string,
  detail: Record<string, unknown>,
): Promise<SealedDetail> {
  const { version, key } = await inside.keyring.organisationKey(inside.tx, organisation);
  const { salt, commitment } = commitDetail(detail);
  const plain = Buffer.from(canonicalJson(detail), "utf8");
  return {
    salt: Buffer.from(salt),
    commitment,
    sealed: Buffer.concat([Buffer.of(version >> 8, version & 0xff), sealSmall(key, `detail:${entry}`, plain)]),
  };
}

/** The detail of an entry as it was committed to. */
export async function openDetail(
  tx: Tx,
  keyring: Keyring,
  organisation: string,
  entry: string,
  sealed: Buffer,
): Promise<Record<string, unknown>> {
  return openDetailWith(
    await keyring.organisationKeyVersion(tx, organisation, detailKeyVersion(sealed)),
    entry,
    sealed,
  );
}

/** Under which version of the organisation's key a detail lies. */
export function detailKeyVersion(sealed: Buffer): number {
  return sealed.length < 2 ? 0 : sealed.readUInt16BE(0);
}

/** The same with the key at hand, for many. @throws Fault seal.broken */
export function openDetailWith(key: SecretKey, entry: string, sealed: Buffer): Record<string, unknown> {
  return JSON.parse(openSmall(key, `detail:${entry}`, sealed.subarray(2)).toString("utf8")) as Record<string, unknown>;
}
