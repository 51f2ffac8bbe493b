import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { FAULTS, Fault, type FaultCode, faultOf } from "#kit/fault.ts";
import type { Config } from "#platform/config.ts";
import type { Log } from "#platform/log.ts";
import type { Metrics } from "#platform/metrics.ts";
import { tlsOptions } from "#platform/tls.ts";
import { discardRest } from "./body.ts";
import { isFramedOnce } from "./framing.ts";
import { securityHeaders } from "./headers.ts";
import { endLiveStreams } from "./live.ts";
import { placeOfNul } from "./nul.ts";
import { authorityOf } from "./target.ts";

export type HttpOptions = {
  config: Pick<Config, "trustedProxies" | "tlsCert" | "tlsKey" | "publicUrl">;
  log: Log;
  metrics: Metrics;
  /** Security headers that this listener has instead of the usual ones: it serves an app that is not ours. */
  headers?: (request: FastifyRequest) => Record<string, string>;
};

/** JSON bodies; what is larger (images) is streamed by routes with their own content type parser. */
const BODY_LIMIT = 1024 * 1024;
/** How long requests that are under way may go on when the server closes. */
const DRAIN_MS = 20_000;

/**
 * The web listener's frame: request IDs, limits, one mapping from Faults to problem+json, security headers on every answer,
 * a log and a histogram that know route patterns only. Routes are added by the programs.
 */
export function createHttp({ config, log, metrics, headers }: HttpOptions): FastifyInstance {
  const tls =
    config.tlsCert !== undefined && config.tlsKey !== undefined
      ? tlsOptions({ cert: config.tlsCert, key: config.tlsKey })
      : undefined;
  const secure = tls !== undefined || config.publicUrl?.startsWith("https:") === true;
  const app = fastify({
    ...(tls === undefined ? {} : { https: tls }),
    logger: false,
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    bodyLimit: BODY_LIMIT,
    requestIdHeader: false,
    genReqId: () => randomBytes(9).toString("base64url"),
    connectionTimeout: 120_000,
    requestTimeout: 0, // an upload takes as long as it moves; connectionTimeout ends the silent ones
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 256 },
    forceCloseConnections: "idle",
    // an address that cannot be decoded meets no hook
    frameworkErrors: (error, request, reply) =>
      answerFault(error, request, reply.headers({ ...securityHeaders(secure), "x-request-id": request.id }), log),
  }) as unknown as FastifyInstance;
  addFrame(app, {
    secure,
    ownHost: config.publicUrl === undefined ? undefined : new URL(config.publicUrl).hostname,
    log,
    own: headers ?? (() => ({})),
  });
  addMeasures(app, log, metrics);
  app.addHook("preClose", (done) => {
    endLiveStreams(app);
    setTimeout(() => app.server.closeAllConnections(), DRAIN_MS).unref();
    done();
  });
  return app;
}

type Frame = {
  secure: boolean;
  ownHost: string | undefined;
  log: Log;
  own: (request: FastifyRequest) => Record<string, string>;
};

function addFrame(app: FastifyInstance, { secure, ownHost, log, own }: Frame): void {
  const usual = securityHeaders(secure);
  app.addHook("onRequest", (request, reply, done) => {
    // on the raw answer: they also hold where a handler takes the answer over, and a route's own header replaces one
    for (const [name, value] of Object.entries({ ...usual, ...own(request) })) reply.raw.setHeader(name, value);
    reply.raw.setHeader("x-request-id", request.id);
    if (!isFramedOnce(request.raw)) {
      reply.raw.setHeader("connection", "close"); // what follows on it is anybody's
      done(new Fault("input.invalid", "The request has more than one host, or a length that is not understood here."));
    } else if (isForUs(request, ownHost)) done();
    else
      done(
        new Fault(
          "route.misdirected",
          "This server does not answer under that host name; SAFELIGHT_PUBLIC_URL sets it.",
        ),
      );
  });
  app.addHook("preValidation", ({ params, query, body }, _reply, done) => {
    const place = placeOfNul({ params, query, body });
    if (place === undefined) done();
    else done(new Fault("input.invalid", "There is a NUL character (U+0000) in it, which no text has.", { place }));
  });
  app.addHook("onSend", (request, reply, payload, done) => {
    discardRest(request, reply);
    done(null, payload);
  });
  app.setErrorHandler((error, request, reply) => answerFault(error, request, reply, log));
  app.setNotFoundHandler((request, reply) =>
    answerFault(new Fault("route.unknown", "There is nothing here."), request, reply, log),
  );
}

/** Whether the host that a request is for is ours. The one of its target counts before its Host field, and stands there from now on. */
function isForUs(request: FastifyRequest, ownHost: string | undefined): boolean {
  const authority = authorityOf(request.raw.url ?? "");
  if (authority === null) return false;
  if (authority !== undefined) request.raw.headers.host = authority;
  return (authority === undefined || isOwnHost(authority, ownHost)) && isOwnHost(request.host, ownHost);
}

/** An address, this machine, or the public name: any other name was made to point here by somebody else (DNS rebinding). */
function isOwnHost(host: string, ownHost: string | undefined): boolean {
  const name = host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return name === "localhost" || name === ownHost || isIP(name) !== 0;
}

function addMeasures(app: FastifyInstance, log: Log, metrics: Metrics): void {
  const seconds = metrics.histogram("http_seconds", "Time to answer", ["method", "route", "status"]);
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "(none)";
    const status = reply.statusCode;
    seconds.observe({ method: request.method, route, status: String(status) }, reply.elapsedTime / 1000);
    log.info(
      { request: request.id, method: request.method, route, status, ms: Math.round(reply.elapsedTime) },
      "answered",
    );
    done();
  });
}

/** RFC 9457: what may be told of a failure. Nothing of an unknown one; that is for the log, under the request's ID. */
export type Problem = { code: FaultCode; message: string; place?: string; request: string };

/** Answers with the Fault's HTTP column. */
export function answerFault(thrown: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const fault = fromFastify(thrown) ?? faultOf(thrown);
  const { http, retry } = FAULTS[fault.code];
  if (http >= 500)
    log.error({ request: request.id, route: request.routeOptions.url ?? "(none)", err: thrown }, "failed");
  const problem: Problem = {
    code: fault.code,
    message: fault.message,
    ...(fault.place === undefined ? {} : { place: fault.place }),
    request: request.id,
  };
  if (retry === "later" && !reply.hasHeader("retry-after")) reply.header("retry-after", "5");
  if (http === 401 && !reply.hasHeader("www-authenticate"))
    reply.header("www-authenticate", 'Bearer realm="safelight"');
  void reply.code(http).type("application/problem+json").send(problem);
}

/** Fastify's own refusals, by the status they carry. */
function fromFastify(thrown: unknown): Fault | undefined {
  const { code, statusCode } = thrown as Partial<FastifyError>;
  if (thrown instanceof Fault || typeof code !== "string" || !code.startsWith("FST_")) return undefined;
  if (statusCode === 413) return new Fault("input.too-large", "The request is larger than this route takes.");
  if (statusCode === 415) return new Fault("input.media-type", "This route does not take that Content-Type.");
  if (statusCode === 404) return new Fault("route.unknown", "There is nothing here.");
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new Fault("input.invalid", "The request could not be read.");
  return undefined;
}
