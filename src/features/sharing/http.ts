import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import {
  type AccessList,
  type AccessRow,
  EndConsent,
  type Shared,
  ShareProposal,
  type ShareVerdict,
} from "#contract/sharing.ts";
import { Id } from "#contract/words.ts";
import { parseInput, type World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import { type AccessRecord, accessOfStudy, type OpeningRecord, openingsOf } from "#features/sharing/access-queries.ts";
import { maySeeAccess, stateOf } from "#features/sharing/access-rules.ts";
import { revokeGrant, shareStudy } from "#features/sharing/actions.ts";
import { endConsent } from "#features/sharing/basis-actions.ts";
import { denied } from "#features/sharing/gate.ts";
import { sharedStudy } from "#features/sharing/grant-queries.ts";
import { judge, sentencesOf } from "#features/sharing/judge.ts";
import { Fault } from "#kit/fault.ts";

export type SharingHttpNeeds = {
  world: World;
  authenticate: Authenticate;
  /** The address people type: links begin with it. */
  publicUrl: () => string;
};

const STUDY = "/api/studies/:owner/:id";
const OPENINGS = 30;

/** Sharing a study, who has access, taking it back, withdrawing a consent. */
export function addSharingHttp(app: FastifyInstance, needs: SharingHttpNeeds): void {
  const { world } = needs;
  app.post(`${STUDY}/share/verdict`, async (request): Promise<ShareVerdict> => {
    const who = await actorOf(needs, request);
    const input = { ...parseInput(ShareProposal, request.body), ...studyOf(request) };
    return world.database.read(scopeOf(who), async (tx) => {
      const judged = await judge({ tx, now: tx.now }, who, input);
      const { allowed, because } = judged.verdict;
      return {
        verdict: { allowed, because },
        sentences: sentencesOf(judged, input),
        bases: judged.bases.map(({ kind, id, title, until }) => ({ kind, id, title, until: instant(until) })),
      };
    });
  });

  app.post(`${STUDY}/share`, async (request, reply) => {
    const who = await actorOf(needs, request);
    const input = { ...parseInput(ShareProposal, request.body), ...studyOf(request) };
    const { grant, because, link } = await shareStudy(world, who, input);
    const shared: z.infer<typeof Shared> = {
      grant,
      because,
      link: link && { id: link.id, url: `${needs.publicUrl().replace(/\/$/, "")}/l#${link.secret.reveal()}` },
    };
    return reply.code(201).send(shared);
  });

  app.get(`${STUDY}/access`, async (request): Promise<z.infer<typeof AccessList>> => {
    const who = await actorOf(needs, request);
    const { owner, study } = studyOf(request);
    if (!maySeeAccess(who, owner)) throw denied();
    return world.database.read(scopeOf(who), async (tx) => {
      if (!(await sharedStudy(tx, owner, study))) throw denied();
      const access = await accessOfStudy(tx, owner, study);
      const openings = await openingsOf(tx, owner, study, OPENINGS);
      return { access: access.map((row) => accessRow(row, tx.now)), openings: openings.map(opening) };
    });
  });

  app.delete("/api/grants/:id", async (request) => revokeGrant(world, await actorOf(needs, request), idOf(request)));

  app.post("/api/consents/:id/end", async (request) => {
    const who = await actorOf(needs, request);
    return endConsent(world, who, { ...parseInput(EndConsent, request.body ?? {}), ...idOf(request) });
  });
}

async function actorOf({ authenticate }: SharingHttpNeeds, request: FastifyRequest): Promise<Actor> {
  const who = await authenticate(request);
  if (who === null) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
  return who;
}

function studyOf(request: FastifyRequest): { owner: string; study: string } {
  const { owner, id } = request.params as { owner: string; id: string };
  return { owner: knownId(owner), study: knownId(id) };
}

const idOf = (request: FastifyRequest): { id: string } => ({ id: knownId((request.params as { id: string }).id) });

/** What is no ID names nothing here. */
function knownId(text: string): string {
  const parsed = Id.safeParse(text.toLowerCase());
  if (!parsed.success) throw denied();
  return parsed.data;
}

const instant = (date: Date | null): string | null => date?.toISOString() ?? null;

function accessRow(row: AccessRecord, now: Date): AccessRow {
  return {
    grant: row.id,
    kind: row.kind,
    name: row.name,
    purpose: row.purpose,
    basis: row.basisKind,
    basisTitle: row.basisTitle,
    rights: row.rights,
    until: row.until.toISOString(),
    revokedAt: instant(row.revokedAt),
    state: stateOf(row, now),
    uses: row.uses,
    maxUses: row.usesLeft === null ? null : row.uses + row.usesLeft,
    lastOpenedAt: instant(row.lastOpenedAt),
    madeAt: row.madeAt.toISOString(),
    madeBy: row.madeBy,
    challenge: row.challenge,
    address: row.address,
  };
}

/** `what` is the action's last word: view, retrieve, download, open. */
function opening({ at, name, kind, action, because }: OpeningRecord): z.infer<typeof AccessList>["openings"][number] {
  return { at: at.toISOString(), who: name ?? kind, what: action.split(".").at(-1) ?? action, because };
}
