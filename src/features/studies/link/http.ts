import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { type LinkCard, type LinkEnded, type LinkStudy, OpenLink } from "#contract/sharing.ts";
import { parseInput } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { Attempts, type Limit } from "#features/people/signin/attempts.ts";
import type { GrantState } from "#features/sharing/access-rules.ts";
import {
  closed,
  type LinkSession,
  leaveLink,
  linkSession,
  lookAtLink,
  openLink,
  sendCode,
} from "#features/sharing/link-actions.ts";
import { returnToLink, standingOfLink } from "#features/sharing/link-standing.ts";
import { linkDocument } from "#features/studies/link/documents.ts";
import { cookieName, cookieOf, enter, isSecure, type LinkNeeds, studiesOf } from "#features/studies/link/door.ts";
import { linkDownload } from "#features/studies/link/download.ts";
import { linkPicture } from "#features/studies/link/pictures.ts";
import { hasSignedReport } from "#features/studies/link/queries.ts";
import { Refusals } from "#features/studies/link/refusals.ts";
import { describeStudy, senderOf, shownOf } from "#features/studies/link/study.ts";
import { maskedAddress } from "#features/studies/link/words.ts";
import { FAULTS, Fault } from "#kit/fault.ts";
import type { Rendered } from "#platform/decoders/decoders.ts";
import { setCookie } from "#platform/http/cookies.ts";
import { refuseCrossSite } from "#platform/http/origin.ts";
import { sourceOf } from "#platform/http/source.ts";
import type { Tx } from "#platform/postgres/db.ts";

const LOOKS: Limit = { kind: "link look", most: 120, minutes: 15 };
const OPENINGS: Limit = { kind: "link open", most: 30, minutes: 15 };
const CODES: Limit = { kind: "link code", most: 20, minutes: 15 };
const SESSION_SECONDS = 8 * 3600;

const Secret = z.object({ secret: z.string().min(20).max(200) });
const Known = z.object({ secret: Secret.shape.secret.optional() });

/** People with a link and no account. What changes something comes by POST from our own page; a GET counts nothing. */
export function addLinkHttp(app: FastifyInstance, needs: LinkNeeds): void {
  const wire = new LinkWire(needs);
  app.post("/api/link/look", (request) => wire.look(request));
  app.post("/api/link/send-code", (request) => wire.sendCode(request));
  app.post("/api/link/open", (request, reply) => wire.open(request, reply));
  app.post("/api/link/ended", (request) => wire.ended(request));
  app.post("/api/link/close", (request, reply) => wire.leave(request, reply));
  app.get("/api/link/study", (request) =>
    wire.inside(request, (session) => describeStudy(needs, session, queryOf(request, "study"))),
  );
  app.get("/api/link/frames/:instance/:frame", (request, reply) =>
    wire.inside(request, async (session) => {
      const frame = numberOf(paramsOf(request).frame);
      const wanted = {
        instance: paramsOf(request).instance,
        frame,
        window: queryOf(request, "window") ?? "default",
        small: false,
      };
      return sendPicture(reply, await linkPicture(needs, session, wanted, aborted(reply)));
    }),
  );
  app.get("/api/link/thumbnail/:instance", (request, reply) =>
    wire.inside(request, async (session) => {
      const wanted = { instance: paramsOf(request).instance, frame: "middle", window: "default", small: true } as const;
      return sendPicture(reply, await linkPicture(needs, session, wanted, aborted(reply)));
    }),
  );
  app.get("/api/link/document/:instance/:page", (request, reply) =>
    wire.inside(request, async (session) => {
      const wanted = { instance: paramsOf(request).instance, page: numberOf(paramsOf(request).page) };
      return sendPicture(reply, await linkDocument(needs, session, wanted, aborted(reply)));
    }),
  );
  app.get("/api/link/report", (request) =>
    wire.inside(request, (session) =>
      wire.report(session, queryOf(request, "study"), "report.view", (who, owner, study) =>
        needs.reports.read(who, owner, study),
      ),
    ),
  );
  app.get("/api/link/report.pdf", (request, reply) =>
    wire.inside(request, (session) =>
      wire.report(session, queryOf(request, "study"), "report.download", (who, owner, study) =>
        needs.reports.print(who, owner, study, reply),
      ),
    ),
  );
  app.get("/api/link/download", (request, reply) =>
    wire.inside(request, async (session) => {
      const zip = await linkDownload(needs, session, () => enter(needs, request));
      reply.raw.once("close", () => zip.destroy());
      return reply.type("application/zip").header("content-disposition", 'attachment; filename="images.zip"').send(zip);
    }),
  );
}

class LinkWire {
  readonly #needs: LinkNeeds;
  readonly #refusals: Refusals;
  readonly #attempts: Attempts;

  constructor(needs: LinkNeeds) {
    this.#needs = needs;
    this.#refusals = new Refusals(needs);
    this.#attempts = new Attempts(needs.world.database, needs.world.pepper);
  }

  #setCookie(reply: FastifyReply, value: string, seconds: number): void {
    const line = setCookie(cookieName(this.#needs), value, { secure: isSecure(this.#needs), seconds });
    void reply.header("set-cookie", line);
  }

  /** A request with the link's secret: limited by where it comes from, refused in one way. */
  #withSecret<T>(request: FastifyRequest, limit: Limit, run: (secret: string) => Promise<T>): Promise<T> {
    const { secret } = (request.body ?? {}) as { secret?: unknown };
    const from = { source: request.ip, secret: typeof secret === "string" ? secret.slice(0, 200) : undefined };
    return this.#refusals.guard(from, async () => {
      refuseCrossSite(request, this.#needs.publicUrl());
      const allowance = await this.#attempts.count(limit, sourceOf(request.ip));
      if (!allowance.allowed) throw new Fault("rate.limited", "Too many tries from here; come again in some minutes.");
      return run(parseInput(Secret, request.body).secret);
    });
  }

  look(request: FastifyRequest): Promise<z.infer<typeof LinkCard>> {
    return this.#withSecret(request, LOOKS, async (secret) => {
      const { world } = this.#needs;
      const session = await returnToLink(world, secret, cookieOf(this.#needs, request));
      const link = session?.link ?? (await lookAtLink(world, secret));
      return {
        organisation: await senderOf(world, link.organisation),
        challenge: link.challenge,
        maskedAddress: link.address === null ? null : maskedAddress(link.address),
        endsAt: link.until.toISOString(),
        inside: session !== null,
      };
    });
  }

  sendCode(request: FastifyRequest): Promise<object> {
    return this.#withSecret(request, CODES, async (secret) => {
      await sendCode(this.#needs.world, secret);
      return {};
    });
  }

  open(request: FastifyRequest, reply: FastifyReply): Promise<LinkStudy | FastifyReply> {
    return this.#withSecret(request, OPENINGS, async () => {
      const { world } = this.#needs;
      const { secret, answer } = parseInput(OpenLink, request.body);
      const outcome = await openLink(world, secret, answer, {
        userAgent: request.headers["user-agent"] ?? "",
        publicUrl: this.#needs.publicUrl(),
      });
      if ("left" in outcome) return wrongAnswer(request, reply, outcome.left);
      const { cookie } = outcome;
      await this.#attempts.forgive(OPENINGS, sourceOf(request.ip));
      await leaveLink(world, cookieOf(this.#needs, request)); // one browser, one link at a time
      this.#setCookie(reply, cookie.reveal(), SESSION_SECONDS);
      return describeStudy(this.#needs, await linkSession(world, cookie.reveal()), undefined);
    });
  }

  /** Why the link is not open that this browser was let in by; null for a browser that never was. */
  async ended(request: FastifyRequest): Promise<LinkEnded | null> {
    refuseCrossSite(request, this.#needs.publicUrl());
    const { world } = this.#needs;
    const { secret } = parseInput(Known, request.body ?? {});
    const standing = await standingOfLink(world, secret, cookieOf(this.#needs, request));
    if (!standing) return null;
    return { organisation: await senderOf(world, standing.organisation), because: WHY[standing.state] };
  }

  async leave(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    refuseCrossSite(request, this.#needs.publicUrl());
    await leaveLink(this.#needs.world, cookieOf(this.#needs, request));
    this.#setCookie(reply, "", 0);
    return {};
  }

  /** A request of a browser that opened the link; judged anew each time. */
  inside<T>(request: FastifyRequest, run: (session: LinkSession) => Promise<T>): Promise<T> {
    return this.#refusals.guard({ source: request.ip, secret: undefined }, async () =>
      run(await enter(this.#needs, request)),
    );
  }

  /** The report of the link's study, or of the prior that is named, where reports were shared; on the record before it leaves. */
  async report<T>(
    session: LinkSession,
    wanted: string | undefined,
    action: "report.view" | "report.download",
    read: (who: Actor, owner: string, study: string) => Promise<T | null>,
  ): Promise<T> {
    const { world, gate } = this.#needs;
    const { who, link } = session;
    const { organisation } = link;
    const shown = shownOf(await studiesOf(this.#needs, session), wanted);
    const opened = await gate.open("view", who, organisation, shown.studyUid);
    const signed = (tx: Tx) => hasSignedReport(tx, organisation, opened.study);
    if (!link.withReport || !(await world.database.read({ organisation, person: null }, signed))) throw closed();
    await world.database.transaction({ organisation, person: null }, (tx) =>
      recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
        ...{ organisation, action, outcome: "done", because: opened.because },
        ...{ study: opened.study, patient: opened.patient, subject: opened.grant ?? undefined },
      }),
    );
    const report = await read(who, organisation, opened.study);
    if (report === null) throw closed();
    return report;
  }
}

/** What a recipient may know of it: not whose decision it was. */
const WHY: Record<GrantState, LinkEnded["because"]> = {
  open: "away", // the link is, the session is not
  left: "taken-back",
  revoked: "taken-back",
  "basis-ended": "taken-back",
  expired: "expired",
  "used-up": "used-up",
  closed: "tries",
};

/** RFC 9457, with how many tries remain: five in all is no secret. */
function wrongAnswer(request: FastifyRequest, reply: FastifyReply, left: number): FastifyReply {
  const problem = { code: "challenge.failed", message: "That is not the right answer.", left, request: request.id };
  return reply.code(FAULTS["challenge.failed"].http).type("application/problem+json").send(problem);
}

type Params = { instance: string; frame: string; page: string };
const paramsOf = (request: FastifyRequest): Params => request.params as Params;

/** A parameter of the query that stands there once. */
function queryOf(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name];
  if (value === undefined || typeof value === "string") return value;
  throw closed();
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw closed();
  return Number(text);
}

function aborted(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

function sendPicture(reply: FastifyReply, { bytes, mediaType }: Rendered): FastifyReply {
  return reply.type(mediaType).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
