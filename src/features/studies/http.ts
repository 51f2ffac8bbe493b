import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { ReportState, type StudyDetail, StudyEvent, type StudyRow } from "#contract/studies.ts";
import type { Right, Verdict } from "#contract/words.ts";
import { parseInput } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { denied, type Gate } from "#features/sharing/gate.ts";
import type { Reads } from "#features/sharing/reads.ts";
import {
  type ListedStudy,
  listedStudy,
  listStudies,
  priorStudies,
  type Sort,
  type SortKey,
  writeCursor,
} from "#features/studies/list-queries.ts";
import { namesakes } from "#features/studies/patient-queries.ts";
import { seriesOfStudy } from "#features/studies/queries.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { Fault } from "#kit/fault.ts";
import type { Events } from "#platform/events.ts";
import { streamLive } from "#platform/http/live.ts";

export type StudiesNeeds = {
  world: StudiesWorld;
  gate: Gate;
  reads: Reads;
  events: Events;
  authenticate: (request: FastifyRequest) => Promise<Actor | null>;
};

const SORT_KEYS = [
  "status",
  "arrived",
  "date",
  "patient",
  "description",
  "id",
  "accession",
  "birth",
  "images",
] as const satisfies readonly SortKey[];
const SortText = z
  .string()
  .max(200)
  .default("")
  .transform((text, context): Sort[] => {
    const sorts: Sort[] = [];
    for (const part of text.split(",").filter((one) => one !== "")) {
      const key = SORT_KEYS.find((candidate) => candidate === part.replace(/^-/, ""));
      if (key) sorts.push({ key, descending: part.startsWith("-") });
      else context.addIssue({ code: "custom", message: `sorts by ${SORT_KEYS.join(", ")}` });
    }
    return sorts.slice(0, 4);
  });
const DayText = z
  .string()
  .regex(/^(\d{8})?$/, "a day is YYYYMMDD")
  .default("");
const ListQuery = z.object({
  q: z.string().max(200).default(""),
  modality: z
    .string()
    .max(200)
    .default("")
    .transform((text) => text.split(",").filter((one) => /^[A-Z0-9_]{1,16}$/.test(one))),
  report: z
    .string()
    .max(100)
    .default("")
    .transform((text) => text.split(",").filter((one) => ReportState.options.some((state) => state === one))),
  from: DayText,
  to: DayText,
  owner: z.enum(["mine", "granted", "all"]).default("all"),
  sort: SortText,
  after: z.string().max(4000).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** Who asks, or 401. */
export async function signedIn(needs: Pick<StudiesNeeds, "authenticate">, request: FastifyRequest): Promise<Actor> {
  const who = await needs.authenticate(request);
  if (!who) throw new Fault("sign-in.required", "Sign in first.");
  return who;
}

export function addStudiesHttp(app: FastifyInstance, needs: StudiesNeeds): void {
  app.get("/api/studies", async (request) => list(needs, await signedIn(needs, request), request.query));
  app.get("/api/studies/:owner/:id", async (request) => {
    const { owner, id } = parseInput(z.object({ owner: z.uuid(), id: z.uuid() }), request.params);
    return detail(needs, await signedIn(needs, request), owner, id);
  });
  app.get("/api/events", async (request, reply) => live(needs, request, reply));
}

async function list(needs: StudiesNeeds, who: Actor, query: unknown): Promise<{ items: StudyRow[]; next?: string }> {
  const { modality, report, owner, ...rest } = parseInput(ListQuery, query);
  const found = await needs.world.database.read(scopeOf(who), (tx) =>
    listStudies(tx, who, {
      ...rest,
      modalities: modality,
      reports: report,
      whose: owner,
      limit: rest.limit + 1,
      after: rest.after,
    }),
  );
  const rows = found.slice(0, rest.limit);
  const last = rows.at(-1);
  return {
    items: rows.map((row) => rowOf(row, who)),
    ...(found.length > rows.length && last ? { next: writeCursor(last.cursor) } : {}),
  };
}

async function detail(needs: StudiesNeeds, who: Actor, owner: string, id: string): Promise<StudyDetail> {
  const { row, series, priors, others } = await needs.world.database.read(scopeOf(who), async (tx) => {
    const row = await listedStudy(tx, who, owner, id);
    return {
      row,
      series: row ? await seriesOfStudy(tx, owner, id) : [],
      priors: row ? await priorStudies(tx, who, owner, id) : [],
      others: row && owner === who.organisation ? await namesakes(tx, owner, id) : 0,
    };
  });
  if (!row) throw denied();
  const can = async (right: Right): Promise<Verdict> => {
    const verdict = await needs.gate.verdict(right, who, owner, row.study_uid);
    return { allowed: verdict.allowed, because: verdict.because };
  };
  const view = await can("view");
  return {
    ...rowOf(row, who),
    can: {
      view,
      download: await can("download"),
      report: await can("report"),
      share: owner === who.organisation ? await can("re-share") : { allowed: false, because: "not-owner" },
    },
    series: series.map((one) => ({
      seriesUid: one.series_uid,
      modality: one.modality,
      number: one.number,
      description: one.description,
      bodyPart: one.body_part,
      instanceCount: one.instance_count,
      frames: one.frames,
    })),
    priorStudies: priors.map((prior) => rowOf(prior, who)),
    namesakes: others,
    basis: view.because,
  };
}

function rowOf(row: ListedStudy, who: Actor): StudyRow {
  const report = row.report as StudyRow["report"] | null;
  return {
    id: row.id,
    owner: row.organisation,
    ownerName: row.owner_name,
    studyUid: row.study_uid,
    dicomwebRoot: row.organisation === who.organisation ? "/dicomweb" : `/dicomweb/orgs/${row.organisation}`,
    patientName: row.patient_name,
    patientId: row.patient_id,
    birthDate: row.birth_date,
    sex: row.sex,
    studyDate: row.study_date,
    studyTime: row.study_time,
    description: row.description,
    accession: row.accession,
    modalities: row.modalities,
    referringPhysician: row.referring_physician,
    seriesCount: row.series_count,
    instanceCount: row.instance_count,
    bytes: row.bytes,
    priors: row.priors,
    report: report ?? "none",
    arrivedAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    shared: row.shared,
  };
}

/**
 * A page's news of the organisation its person works for: it ends with the session, and when they work for another one. Of a
 * study hears who may view it now, by their role or by a grant.
 */
async function live(needs: StudiesNeeds, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const who = await signedIn(needs, request);
  if (who.kind !== "person") throw new Fault("role.denied", "News is for pages; a machine searches.");
  let now: Actor = who;
  streamLive(needs.events, request, reply, {
    channels: [who.organisation, who.id],
    stillAllowed: async () => {
      const found = await needs.authenticate(request);
      if (found?.kind !== "person" || found.organisation !== who.organisation) return false;
      now = found;
      return true;
    },
    isFor: async (event) => {
      if (event.kind !== "study") return true; // of rights that changed, or of news that was missed: nothing of a study
      const study = StudyEvent.safeParse(event);
      return study.success && needs.gate.mayHear(now, study.data.owner, study.data.id);
    },
  });
}
