import assert from "node:assert/strict";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InjectOptions } from "fastify";
import { FAULTS, Fault, type FaultCode } from "#kit/fault.ts";
import type { Events, Listener } from "#platform/events.ts";
import { openLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { contentSecurityPolicy } from "./headers.ts";
import { streamLive } from "./live.ts";
import { createHttp, type HttpOptions, type Problem } from "./server.ts";

function open(config: Partial<HttpOptions["config"]> = {}) {
  const lines: string[] = [];
  const log = openLog({ level: "info", to: { write: (line: string) => void lines.push(line) } });
  const metrics = openMetrics({ ofProcess: false });
  const app = createHttp({
    config: { trustedProxies: [], tlsCert: undefined, tlsKey: undefined, publicUrl: undefined, ...config },
    log,
    metrics,
  });
  return { app, lines, metrics };
}

test("every Fault is answered with its own status, as problem+json with code, message and place", async () => {
  const { app } = open();
  app.get<{ Params: { code: FaultCode } }>("/:code", ({ params }) => {
    throw new Fault(params.code, "What to do.", { place: "body.thing" });
  });
  for (const code of Object.keys(FAULTS) as FaultCode[]) {
    const answer = await app.inject(`/${code}`);
    assert.equal(answer.statusCode, FAULTS[code].http);
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
    const { request, ...problem } = answer.json<Problem>();
    assert.deepEqual(problem, { code, message: "What to do.", place: "body.thing" });
    assert.equal(request, answer.headers["x-request-id"]);
  }
});

test("what is not a Fault is a plain 500 without a word of it, and the log does not quote it either", async () => {
  const { app, lines } = open();
  app.get("/study/:uid", () => {
    throw new Error("duplicate key: Jane Doe 1970-01-01");
  });
  const answer = await app.inject("/study/1.2.3?PatientName=DOE*");
  assert.equal(answer.statusCode, 500);
  assert.equal(answer.json<Problem>().code, "internal");
  for (const text of [answer.body, ...lines]) assert.doesNotMatch(text, /Doe|DOE|1\.2\.3|1970/);
  assert.ok(lines.some((line) => line.includes("/study/:uid")));
});

test("an unknown route, a body that is too large or no JSON are the client's faults", async () => {
  const { app } = open();
  app.post("/json", () => "ok");
  const cases = [
    { request: { method: "GET", url: "/nothing?name=Doe" }, status: 404, code: "route.unknown" },
    {
      request: { method: "POST", url: "/json", headers: { "content-type": "application/json" }, payload: '{"a": Doe' },
      status: 400,
      code: "input.invalid",
    },
    {
      request: {
        method: "POST",
        url: "/json",
        headers: { "content-type": "application/json" },
        payload: `"${"x".repeat(2 ** 20)}"`,
      },
      status: 413,
      code: "input.too-large",
    },
    {
      request: { method: "POST", url: "/json", headers: { "content-type": "image/gif" }, payload: "x" },
      status: 415,
      code: "input.media-type",
    },
    { request: { method: "GET", url: "/%E0%A4%A" }, status: 400, code: "input.invalid" },
    {
      request: {
        method: "POST",
        url: "/json",
        headers: { "content-type": "application/json" },
        payload: '{"__proto__": {"a": 1}}',
      },
      status: 400,
      code: "input.invalid",
    },
  ] as const;
  for (const { request, status, code } of cases) {
    const answer = await app.inject(request);
    assert.equal(answer.statusCode, status, request.url);
    assert.equal(answer.json<Problem>().code, code);
    assert.doesNotMatch(answer.body, /Doe/);
  }
});

test("every answer carries the security headers; a route may set its own instead", async () => {
  const { app } = open();
  app.get("/plain", () => "x");
  app.get("/asset", (_request, reply) =>
    reply.header("cache-control", "public, max-age=31536000, immutable").send("x"),
  );
  app.get(
    "/taken",
    (_request, reply) => void reply.hijack().raw.writeHead(200, { "content-type": "text/plain" }).end("x"),
  );
  for (const url of ["/plain", "/asset", "/taken", "/unknown"]) {
    const { headers } = await app.inject(url);
    assert.equal(headers["content-security-policy"], contentSecurityPolicy(), url);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["cross-origin-opener-policy"], "same-origin");
    assert.equal(headers["strict-transport-security"], undefined);
    assert.match(String(headers["cache-control"]), url === "/asset" ? /immutable/ : /^no-store$/);
  }
  assert.match(
    String((await open({ publicUrl: "https://images.example" }).app.inject("/")).headers["strict-transport-security"]),
    /max-age/,
  );
});

test("the policy allows nothing inline and nothing evaluated, and what the viewer needs", () => {
  const policy = contentSecurityPolicy({ styleNonce: "abc" });
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*|https?:/);
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'/);
  assert.match(policy, /worker-src 'self' blob:/);
  assert.match(policy, /style-src 'self' 'nonce-abc'/);
});

test("a host name that is not ours is refused: it points here to borrow a visitor's browser", async () => {
  const { app } = open({ publicUrl: "https://images.example:8443" });
  app.get("/", () => "x");
  for (const host of [
    "localhost:8080",
    "127.0.0.1",
    "[::1]:80",
    "192.168.0.7:8080",
    "images.example:8443",
    "IMAGES.example",
  ]) {
    assert.equal((await app.inject({ url: "/", headers: { host } })).statusCode, 200, host);
  }
  for (const host of [
    "evil.example",
    "images.example.evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
  ]) {
    assert.equal((await app.inject({ url: "/", headers: { host } })).statusCode, 421, host);
  }
});

test("RFC 9112 §3.2.2: where a target names its host, that one counts, whatever the Host field says", async (t) => {
  const { app } = open({ publicUrl: "https://images.example:8443" });
  app.get("/", (request) => request.host);
  await app.listen({ port: 0, host: "127.0.0.1" });
  t.after(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  for (const [target, host, status, seen] of [
    ["/", "localhost", 200, "localhost"],
    ["http://localhost:8080/", "localhost", 200, "localhost:8080"],
    ["http://images.example/", "evil.example", 200, "images.example"],
    ["https://IMAGES.example:8443/", "localhost", 200, "images.example:8443"],
    ["http://evil.example/", "localhost", 421, undefined],
    ["HTTP://evil.example/", "localhost", 421, undefined],
    ["http://localhost@evil.example/", "localhost", 421, undefined],
    ["http://evil.example@localhost/", "localhost", 421, undefined],
    ["ftp://localhost/", "localhost", 421, undefined],
    ["//evil.example/", "localhost", 404, undefined],
    ["evil.example:80", "localhost", 400, undefined],
  ] as const) {
    const said = await raw(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    assert.equal(said.split(" ")[1], String(status), `${target} with Host: ${host}`);
    if (seen !== undefined) assert.ok(said.endsWith(`\r\n\r\n${seen}`), `${target} with Host: ${host}`);
  }
});

async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(text);
  return Buffer.concat(await socket.toArray()).toString("latin1");
}

test("U+0000 in an address, a query or a JSON body is refused, with its place and not its text", async () => {
  const { app } = open();
  app.get("/:name", (request) => request.params);
  app.post("/", () => "x");
  for (const [request, place] of [
    [{ url: "/a%00Doe" }, "params.name"],
    [{ url: "/a?q=Doe%00" }, "query.q"],
    [{ url: "/", method: "POST", payload: { a: [{ b: "Doe\0" }] } }, "body.a.0.b"],
  ] as const) {
    const answer = await app.inject(request as InjectOptions);
    assert.equal(answer.statusCode, 400);
    const { code, place: told } = answer.json<Problem>();
    assert.deepEqual([code, told], ["input.invalid", place]);
    assert.doesNotMatch(answer.body, /Doe/);
  }
});

test("X-Forwarded-For is believed from a trusted proxy only", async () => {
  const headers = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
  for (const [trustedProxies, ip] of [
    [["127.0.0.1"], "203.0.113.9"],
    [[], "127.0.0.1"],
    [["10.0.0.0/8"], "127.0.0.1"],
  ] as const) {
    const { app } = open({ trustedProxies: [...trustedProxies] });
    app.get("/", (request) => request.ip);
    assert.equal((await app.inject({ url: "/", headers })).body, ip);
  }
});

test("the metrics know route patterns, not addresses", async () => {
  const { app, metrics } = open();
  app.get("/study/:uid", () => "x");
  await app.inject("/study/1.2.840.99");
  await app.inject("/elsewhere/1.2.840.99");
  const text = await metrics.registry.metrics();
  assert.match(text, /safelight_http_seconds_count\{method="GET",route="\/study\/:uid",status="200"\} 1/);
  assert.doesNotMatch(text, /1\.2\.840|elsewhere/);
});

function channel(): Events & { tell: Listener; watchers: () => number } {
  const listeners = new Set<Listener>();
  return {
    subscribe: (_channel, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => Promise.resolve(),
    tell: (event) => {
      for (const listener of listeners) listener(event);
    },
    watchers: () => listeners.size,
  };
}

test("live updates stream until the right to watch ends, and leave no watcher behind", async () => {
  const { app } = open();
  const events = channel();
  let allowed = true;
  app.get("/live", (request, reply) =>
    streamLive(events, request, reply, { channels: ["a"], stillAllowed: async () => allowed, heartbeatMs: 20 }),
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/live`);
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  events.tell({ kind: "study.arrived", study: "1" });
  let text = "";
  while (!text.includes("study.arrived") || !text.includes(": still here")) text += (await reader.read()).value ?? "";
  assert.match(text, /event: study\.arrived\ndata: \{"kind":"study\.arrived","study":"1"\}\n\n/);
  allowed = false;
  events.tell({ kind: "secret" });
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  assert.doesNotMatch(text, /secret/);
  assert.equal(events.watchers(), 0);

  allowed = true;
  const leaving = new AbortController();
  await fetch(`http://127.0.0.1:${port}/live`, { signal: leaving.signal });
  assert.equal(events.watchers(), 1);
  leaving.abort();
  for (let turn = 0; events.watchers() > 0 && turn < 200; turn++) await delay(10);
  assert.equal(events.watchers(), 0);

  const last = await fetch(`http://127.0.0.1:${port}/live`);
  await app.close(); // ends the stream instead of waiting for it
  assert.match(await last.text(), /^retry/);
  assert.equal(events.watchers(), 0);
});
