import type { FastifyInstance, FastifyRequest } from "fastify";

/** What a foreign page may ask for: what DICOMweb clients send (PS3.18 §8.4) and a token. Cookies are never asked for. */
const METHODS = "GET, HEAD, POST";
const REQUEST_HEADERS = "Accept, Authorization, Content-Type, Range";
/** What a foreign page may read of an answer, beyond the safelisted headers of the Fetch standard. */
const ANSWER_HEADERS =
  "Accept-Ranges, Content-Location, Content-Range, Retry-After, Warning, WWW-Authenticate, X-Request-Id";
const PREFLIGHT_SECONDS = 600;

export type CorsOptions = {
  /** First parts of the paths that foreign pages may ask. */
  paths: readonly string[];
  /** The origins, spelled as browsers do; asked for at each request, a listener's port may be known late. */
  origins: () => readonly string[];
};

/**
 * The Fetch standard's CORS protocol for pages of other origins, by an explicit list. Never a wildcard, never with credentials:
 * a foreign page proves itself by a token that it was given. To any other origin the answer is what it would be without CORS.
 */
export function addCors(app: FastifyInstance, { paths, origins }: CorsOptions): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (!paths.includes(request.url.split(/[/?]/, 2)[1] ?? "")) return done();
    const { raw } = reply;
    raw.setHeader("vary", "Origin"); // also where no origin was named: a cache must not give one's answer to another
    const { origin } = request.headers;
    if (origin === undefined || !origins().includes(origin)) return done();
    raw.setHeader("access-control-allow-origin", origin);
    if (!isPreflight(request)) {
      raw.setHeader("access-control-expose-headers", ANSWER_HEADERS);
      return done();
    }
    void reply
      .code(204)
      .headers({
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": REQUEST_HEADERS,
        "access-control-max-age": PREFLIGHT_SECONDS,
      })
      .send();
  });
}

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
