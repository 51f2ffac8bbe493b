import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { Markings, ReportRead, SaveDraft, SignReport } from "#contract/studies.ts";
import { Id } from "#contract/words.ts";
import { parseInput, type World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import { organisationById } from "#features/people/organisation-queries.ts";
import { saveDraft, signReport, takeOverDraft } from "#features/reports/actions.ts";
import { keepMarkings, readMarkings } from "#features/reports/marking-actions.ts";
import { type PrintedReport, printReport } from "#features/reports/pdf.ts";
import { type FoundReport, findReport, type SignedVersion } from "#features/reports/reading.ts";
import { denied } from "#features/sharing/gate.ts";
import type { StudyRecord } from "#features/studies/queries.ts";
import { Fault } from "#kit/fault.ts";

export type ReportsNeeds = { world: World; authenticate: Authenticate };

const REPORT = "/api/studies/:owner/:id/report";
const MARKINGS = "/api/studies/:owner/:id/markings";

/** Reading, writing, signing and printing the report of a study, and what its reader measures on the images. */
export function addReportsHttp(app: FastifyInstance, { world, authenticate }: ReportsNeeds): void {
  const actorOf = async (request: FastifyRequest): Promise<Actor> => {
    const who = await authenticate(request);
    if (who === null) throw new Fault("sign-in.required", "Sign in first.");
    return who;
  };

  app.get(REPORT, async (request) => {
    const who = await actorOf(request);
    const { owner, study } = studyOf(request);
    const found = await findReport(world, who, owner, study);
    if (found.report.status !== "none") await recordRead(world, who, found, "report.view");
    return found.report;
  });

  app.put(REPORT, async (request) => {
    const who = await actorOf(request);
    const { owner, study } = studyOf(request);
    const { base, ...text } = parseInput(SaveDraft, request.body);
    const { version, sha256 } = await saveDraft(world, who, { owner, study, base, text });
    return { version, sha256 } satisfies ReportRead; // of this very save: what stands there a moment later may be another's
  });

  app.post(`${REPORT}/take-over`, async (request) => {
    const who = await actorOf(request);
    const { owner, study } = studyOf(request);
    await takeOverDraft(world, who, { owner, study, ...parseInput(ReportRead, request.body) });
    return (await findReport(world, who, owner, study)).report;
  });

  app.post(`${REPORT}/sign`, async (request) => {
    const who = await actorOf(request);
    const { owner, study } = studyOf(request);
    await signReport(world, who, { owner, study, ...parseInput(SignReport, request.body) });
    return (await findReport(world, who, owner, study)).report;
  });

  app.get(MARKINGS, async (request) => {
    const who = await actorOf(request);
    const { owner, study } = studyOf(request);
    return readMarkings(world, who, owner, study);
  });

  app.put(MARKINGS, async (request) => {
    const who = await actorOf(request);
    return keepMarkings(world, who, { ...studyOf(request), ...parseInput(Markings, request.body) });
  });

  app.get(`${REPORT}.pdf`, async (request, reply) => {
    const who = await actorOf(request);
    const { owner, study } = studyOf(request);
    const found = await findReport(world, who, owner, study);
    if (!found.signed) throw new Fault("state.conflict", "There is no signed report to print yet.");
    await recordRead(world, who, found, "report.download");
    return sendReportPdf(world, who, { study: found.study, signed: found.signed }, reply);
  });
}

/** The print of a signed version; the link pages send it too. */
export async function sendReportPdf(
  world: World,
  who: Actor,
  { study, signed }: { study: StudyRecord; signed: SignedVersion },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const organisation = await world.database.read(scopeOf(who), (tx) => organisationById(tx, study.organisation));
  if (!organisation) throw denied();
  const { row, content } = signed;
  const pdf = await printReport({
    organisation: { name: organisation.name, colour: organisation.colour },
    patient: { name: study.patient_name, id: study.patient_id, birthDate: study.birth_date, sex: study.sex },
    study: {
      description: study.description,
      date: study.study_date,
      modalities: study.modalities,
      accession: study.accession,
      referrer: study.referring_physician,
    },
    status: row.status as PrintedReport["status"],
    version: row.version,
    text: content.text,
    author: content.author,
    authorOrganisation: content.authorOrganisation,
    signedAt: row.signed_at ?? row.created_at,
    sha256: row.content_sha256.toString("hex"),
  });
  return reply.type("application/pdf").header("content-disposition", 'inline; filename="report.pdf"').send(pdf);
}

/** Reading a report is on the owner's record before it leaves. */
function recordRead(
  world: World,
  who: Actor,
  { study, read }: Pick<FoundReport, "study" | "read">,
  what: "report.view" | "report.download",
): Promise<void> {
  return world.database.transaction(scopeOf(who), async (tx) => {
    await recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
      organisation: study.organisation,
      action: what,
      outcome: "done",
      because: read.because,
      study: study.id,
      patient: study.patient,
      subject: read.grant ?? undefined,
    });
  });
}

function studyOf(request: FastifyRequest): { owner: string; study: string } {
  const parsed = z.object({ owner: Id, id: Id }).safeParse(request.params);
  if (!parsed.success) throw denied();
  return { owner: parsed.data.owner.toLowerCase(), study: parsed.data.id.toLowerCase() };
}
