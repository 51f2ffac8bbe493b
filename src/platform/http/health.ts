import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { Fault } from "#kit/fault.ts";
import type { Hidden } from "#kit/hidden.ts";
import type { Metrics } from "#platform/metrics.ts";

export type HealthNeeds = {
  /** Whether requests can be served now. */
  ready: () => Promise<boolean>;
  metrics: Metrics;
  metricsToken: Hidden<string> | undefined;
};

/** `/healthz`: the process lives. `/readyz`: it can serve. `/metrics`: for who holds the token; without a configured one, for nobody. */
export function addHealth(app: FastifyInstance, { ready, metrics, metricsToken }: HealthNeeds): void {
  app.get("/healthz", async () => ({ ok: true }));
  app.get("/readyz", async (_request, reply) => {
    const ok = await ready();
    return reply.code(ok ? 200 : 503).send({ ok });
  });
  app.get("/metrics", async (request, reply) => {
    if (!isToken(request.headers.authorization, metricsToken))
      throw new Fault("sign-in.required", "Metrics need the bearer token of SAFELIGHT_METRICS_TOKEN.");
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

function isToken(header: string | undefined, token: Hidden<string> | undefined): boolean {
  if (token === undefined || header === undefined) return false;
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header), digest(`Bearer ${token.reveal()}`));
}
