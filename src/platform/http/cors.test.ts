import assert from "node:assert/strict";
import { test } from "node:test";
import type { InjectOptions } from "fastify";
import { Fault } from "#kit/fault.ts";
import { openLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { addCors } from "./cors.ts";
import { createHttp } from "./server.ts";

const VIEWER = "https://viewer.example";
const LATE = "http://localhost:3000";
const listed: string[] = [VIEWER];

const app = createHttp({
  config: { trustedProxies: [], tlsCert: undefined, tlsKey: undefined, publicUrl: undefined },
  log: openLog({ level: "silent" }),
  metrics: openMetrics({ ofProcess: false }),
});
addCors(app, { paths: ["dicomweb"], origins: () => listed });
app.get("/dicomweb/studies", () => []);
app.post("/dicomweb/studies", () => ({}));
app.get("/dicomweb/nobody", () => {
  throw new Fault("sign-in.required", "Sign in.");
});
app.get("/api/things", () => []);

const ask = (origin: string | undefined, options: InjectOptions = {}) =>
  app.inject({
    url: "/dicomweb/studies",
    ...options,
    headers: { ...(origin === undefined ? {} : { origin }), ...options.headers },
  });
const preflight = (origin: string, url = "/dicomweb/studies") =>
  ask(origin, {
    url,
    method: "OPTIONS",
    headers: { "access-control-request-method": "GET", "access-control-request-headers": "accept,authorization" },
  });
const corsOf = (answer: { headers: Record<string, unknown> }): string[] =>
  Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));

test("Fetch standard, CORS: a listed origin is named, never a wildcard, and never with credentials", async () => {
  const answer = await ask(VIEWER);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers["access-control-allow-origin"], VIEWER);
  assert.match(String(answer.headers["access-control-expose-headers"]), /Warning/);
  assert.equal(answer.headers["access-control-allow-credentials"], undefined);
  assert.equal(answer.headers["vary"], "Origin");
});

test("Fetch standard, CORS preflight: a listed origin may send a token and an Accept header", async () => {
  const answer = await preflight(VIEWER);
  assert.equal(answer.statusCode, 204);
  assert.equal(answer.headers["access-control-allow-origin"], VIEWER);
  assert.match(String(answer.headers["access-control-allow-methods"]), /\bGET\b.*\bPOST\b/);
  assert.match(String(answer.headers["access-control-allow-headers"]), /Accept.*Authorization.*Content-Type/);
  assert.equal(answer.headers["access-control-allow-credentials"], undefined);
  assert.equal(answer.headers["vary"], "Origin");
});

test("a refusal can be read by a listed origin: its page can tell why", async () => {
  const answer = await ask(VIEWER, { url: "/dicomweb/nobody" });
  assert.equal(answer.statusCode, 401);
  assert.equal(answer.headers["access-control-allow-origin"], VIEWER);
});

test("an origin that is not listed gets nothing, on preflight neither", async () => {
  for (const origin of [
    "https://elsewhere.example",
    "http://viewer.example", // another scheme
    "https://viewer.example:8443", // another port
    "https://viewer.example.evil.example",
    "https://sub.viewer.example",
    "https://VIEWER.example", // browsers send lower case; what differs is not the same
    "null",
    "*",
    "",
    LATE,
  ]) {
    for (const answer of [await ask(origin), await ask(origin, { method: "POST" }), await preflight(origin)]) {
      assert.deepEqual(corsOf(answer), [], `${origin} ${answer.raw.req.method}`);
      assert.equal(answer.headers["vary"], "Origin");
    }
    assert.equal((await preflight(origin)).statusCode, 404);
  }
});

test("paths that are not for foreign pages give nothing even to a listed origin", async () => {
  for (const url of ["/api/things", "/", "/dicomwebx/studies"]) {
    assert.deepEqual(corsOf(await ask(VIEWER, { url })), [], url);
    assert.deepEqual(corsOf(await preflight(VIEWER, url)), [], url);
  }
});

test("an answer without any origin varies by it too", async () => {
  const answer = await ask(undefined);
  assert.deepEqual([answer.statusCode, answer.headers["vary"], corsOf(answer)], [200, "Origin", []]);
});

test("an origin that becomes known while the server runs counts from then on", async () => {
  assert.deepEqual(corsOf(await ask(LATE)), []);
  listed.push(LATE);
  assert.equal((await ask(LATE)).headers["access-control-allow-origin"], LATE);
});
