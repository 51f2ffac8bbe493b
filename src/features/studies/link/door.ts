import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { ReportForPatient } from "#contract/sharing.ts";
import type { Right } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { Strangers } from "#features/people/strangers.ts";
import type { Gate, Opened } from "#features/sharing/gate.ts";
import { closed, type LinkSession, linkSession } from "#features/sharing/link-actions.ts";
import { spendFrames } from "#features/sharing/link-queries.ts";
import type { Reads, Use } from "#features/sharing/reads.ts";
import {
  instanceUnderGrant,
  type LinkedInstance,
  type LinkedStudy,
  studiesUnderGrant,
} from "#features/studies/link/queries.ts";
import { type StoredObject, storedObject } from "#features/studies/stored-object.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { Fault } from "#kit/fault.ts";
import { hostCookie, readCookie } from "#platform/http/cookies.ts";

/** What the reading of reports gives to links; null where nothing is signed yet or the report was not shared. */
export type LinkReports = {
  read(who: Actor, owner: string, study: string): Promise<z.infer<typeof ReportForPatient> | null>;
  /** Sends the report as a PDF. */
  print(who: Actor, owner: string, study: string, reply: FastifyReply): Promise<FastifyReply | null>;
};

export type LinkNeeds = {
  world: StudiesWorld;
  gate: Gate;
  reads: Reads;
  strangers: Pick<Strangers, "knock">;
  reports: LinkReports;
  publicUrl: () => string;
};

export const isSecure = ({ publicUrl }: Pick<LinkNeeds, "publicUrl">): boolean => publicUrl().startsWith("https:");
export const cookieName = (needs: Pick<LinkNeeds, "publicUrl">): string => hostCookie("sl-link", isSecure(needs));

export const cookieOf = (needs: Pick<LinkNeeds, "publicUrl">, request: FastifyRequest): string | undefined =>
  readCookie(request, cookieName(needs));

/** The open session of this browser. @throws Fault link.closed */
export function enter(needs: LinkNeeds, request: FastifyRequest): Promise<LinkSession> {
  return linkSession(needs.world, cookieOf(needs, request));
}

export type Admitted = {
  opened: Opened;
  count: (add: { instances?: number; frames?: number; bytes?: number }) => void;
};

const scopeOf = (session: LinkSession) => ({ organisation: session.link.organisation, person: null });

/** The studies behind this link: the shared one and, where they were shared with it, its priors. */
export function studiesOf({ world }: LinkNeeds, session: LinkSession): Promise<LinkedStudy[]> {
  const { organisation, grant } = session.link;
  return world.database.read(scopeOf(session), (tx) => studiesUnderGrant(tx, organisation, grant));
}

/** The same verdict as on every wire, then the durable entry of the read. @throws Fault access.denied */
export async function admit(
  { gate, reads }: LinkNeeds,
  { who, link }: LinkSession,
  studyUid: string,
  right: Right,
  use: Use,
): Promise<Admitted> {
  const opened = await gate.open(right, who, link.organisation, studyUid);
  return { opened, count: await reads.begin(who, opened, use) };
}

export type AdmittedInstance = Admitted & { row: LinkedInstance; object: StoredObject };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** One instance of the link's studies, to be seen. @throws Fault link.closed for every other one */
export async function admitInstance(needs: LinkNeeds, session: LinkSession, id: string): Promise<AdmittedInstance> {
  if (!UUID.test(id)) throw closed();
  const { organisation, grant } = session.link;
  const row = await needs.world.database.read(scopeOf(session), (tx) =>
    instanceUnderGrant(tx, organisation, grant, id),
  );
  if (!row) throw closed();
  const admitted = await admit(needs, session, row.studyUid, "view", "view");
  return { ...admitted, row, object: storedObject(row, admitted.opened.key) };
}

/** Takes one picture from the budgets. @throws Fault rate.limited when one is spent */
export async function spend({ world }: LinkNeeds, session: LinkSession): Promise<void> {
  const { organisation, id } = session.link;
  const spent = await world.database.transaction(scopeOf(session), (tx) =>
    spendFrames(tx, { organisation, id: session.session, link: id }, 1),
  );
  if (!spent) throw new Fault("rate.limited", "So many images were opened that this link rests; try again later.");
}
