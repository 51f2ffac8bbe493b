import { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AuditRow } from "#contract/audit.ts";
import type { Purpose } from "#contract/words.ts";
import { parseInput, type World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { exportLedger } from "#features/audit/ledger/export.ts";
import { LedgerStates, proveEntry } from "#features/audit/ledger/state.ts";
import type { WitnessFolder } from "#features/audit/ledger/witness.ts";
import { Looks } from "#features/audit/looks.ts";
import { openDetail } from "#features/audit/record.ts";
import { mayReadRecord, REFUSED } from "#features/audit/rules.ts";
import {
  AuditQuery,
  actorOrganisation,
  cursorOf,
  type FoundEntry,
  type Names,
  namesIn,
  searchRecord,
} from "#features/audit/search.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type AuditHttpNeeds = {
  world: World;
  witness: WitnessFolder;
  authenticate: (request: FastifyRequest) => Promise<Actor | null>;
};

/** Who saw which patient's images when, by which right; and the proof that nobody changed the answer. */
export function addAuditHttp(app: FastifyInstance, { world, witness, authenticate }: AuditHttpNeeds): void {
  const looks = new Looks(world);
  const states = new LedgerStates(world, witness);
  const readerOf = async (request: FastifyRequest): Promise<Actor> => {
    const who = await authenticate(request);
    if (who === null) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
    if (mayReadRecord(who)) return who;
    await looks.refuse(who);
    throw new Fault(REFUSED.fault, REFUSED.say);
  };

  app.get("/api/audit", async (request) => {
    const who = await readerOf(request);
    const query = parseInput(AuditQuery, request.query);
    const page = await world.database.read(scopeOf(who), async (tx) => {
      const found = await searchRecord(tx, who.organisation, query);
      const rows = found.slice(0, query.limit);
      const names = await namesIn(tx, who.organisation, rows);
      const items: AuditRow[] = [];
      for (const row of rows)
        items.push(rowOf(row, names, who.organisation, await detailOf(tx, world, who.organisation, row)));
      const last = rows.at(-1);
      return { items, ...(found.length > rows.length && last ? { next: cursorOf(last) } : {}) };
    });
    await looks.record(who, query, page.items.length);
    return page;
  });

  app.get("/api/audit/proof", async (request) => states.of((await readerOf(request)).organisation));

  app.get("/api/audit/proof/:id", async (request) => {
    const who = await readerOf(request);
    const id = (request.params as { id: string }).id.toLowerCase();
    if (!/^[0-9a-f-]{36}$/.test(id))
      throw new Fault("route.unknown", "There is no such entry in your record.", { place: "id" });
    return world.database.read(scopeOf(who), (tx) => proveEntry(tx, world, who.organisation, id));
  });

  app.get("/api/audit/export", async (request, reply) => {
    const who = await readerOf(request);
    const details = (request.query as { details?: string }).details === "1";
    const { lines } = await exportLedger(world, who, { details, witness });
    const name = `ledger-${who.organisation}-${new Date().toISOString().slice(0, 10)}.jsonl`;
    reply.header("content-type", "application/jsonl; charset=utf-8");
    reply.header("content-disposition", `attachment; filename="${name}"`);
    reply.header("cache-control", "no-store");
    return reply.send(Readable.from(withFeeds(lines)));
  });
}

/** Pieces of some size: a line each would be a packet each. */
async function* withFeeds(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let piece = "";
  for await (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < 65_536) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** A detail that does not open is shown as none; verification says why. */
async function detailOf(tx: Tx, world: World, organisation: string, row: FoundEntry): Promise<Record<string, unknown>> {
  if (row.sealed === null) return {};
  try {
    return await openDetail(tx, world.keyring, organisation, row.id, row.sealed);
  } catch (thrown) {
    if (thrown instanceof Fault && ["seal.broken", "key.broken", "key.destroyed"].includes(thrown.code)) return {};
    throw thrown;
  }
}

function rowOf(row: FoundEntry, names: Names, organisation: string, detail: Record<string, unknown>): AuditRow {
  return {
    id: row.id,
    at: row.at_time.toISOString(),
    action: row.action,
    outcome: row.outcome as AuditRow["outcome"],
    actorKind: row.actor_kind,
    actorName: actorName(row, names, organisation),
    purpose: row.purpose as Purpose | null,
    because: row.because ?? "",
    patientName: row.patient === null ? null : (names.patients.get(row.patient) ?? null),
    studyId: row.study,
    studyDescription: row.study === null ? null : (names.studies.get(row.study) ?? null),
    detail,
    leaf: row.leaf === null ? null : Number(row.leaf),
  };
}

function actorName(row: FoundEntry, names: Names, organisation: string): string {
  const from = actorOrganisation(row);
  const other = from !== null && from !== organisation;
  const house = other ? (names.actors.get(from) ?? "another organisation") : "";
  if (row.actor === null) return other ? `Safelight, ${house}` : "Safelight";
  const name = names.actors.get(row.actor) ?? row.actor;
  return other ? `${name}, ${house}` : name;
}
