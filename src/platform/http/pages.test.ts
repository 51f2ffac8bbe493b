import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { openLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { addPages } from "./pages.ts";
import { createHttp } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-pages-"));
const SCRIPT = "export const lines = 1;\n".repeat(200);
mkdirSync(join(folder, "assets"));
writeFileSync(join(folder, "index.html"), "<!doctype html><title>index</title>");
writeFileSync(join(folder, "link.html"), "<!doctype html><title>link</title>");
writeFileSync(join(folder, "mark.svg"), "<svg/>");
writeFileSync(join(folder, "assets", "index-abc123.js"), SCRIPT);
after(() => rmSync(folder, { recursive: true, force: true }));

async function open(from = folder) {
  const app = createHttp({
    config: { trustedProxies: [], tlsCert: undefined, tlsKey: undefined, publicUrl: undefined },
    log: openLog({ level: "silent" }),
    metrics: openMetrics({ ofProcess: false }),
  });
  app.get("/api/thing", () => ({ thing: true }));
  await addPages(app, { folder: from, entries: { "/l": "link.html" }, wires: ["api", "assets"] });
  return app;
}
const app = await open();
const ASSET = "/assets/index-abc123.js";

test("every address of a page gets index.html, an address with an entry of its own gets that", async () => {
  for (const path of ["/", "/studies", "/study/a/1.2.840.10008?q=1", "/admin/people"]) {
    const answer = await app.inject(path);
    assert.equal(answer.statusCode, 200, path);
    assert.match(answer.body, /<title>index/);
    assert.equal(answer.headers["cache-control"], "no-cache");
    assert.match(String(answer.headers["content-security-policy"]), /default-src 'none'/);
  }
  assert.match((await app.inject("/l")).body, /<title>link/);
});

test("what looks like a file or belongs to a wire and is not there is unknown", async () => {
  for (const path of [
    "/api/nothing",
    "/assets/none.js",
    "/secrets.txt",
    "/package.json",
    "/%2e%2e/package.json",
    "/..%2f..%2fetc%2fpasswd.d",
    "/assets/../../x.js",
  ]) {
    assert.equal((await app.inject(path)).statusCode, 404, path);
  }
  assert.deepEqual((await app.inject("/api/thing")).json(), { thing: true });
});

test("an address that cannot be decoded is the client's fault", async () => {
  assert.equal((await app.inject("/%E0%A4%A")).statusCode, 400);
});

test("files with a hash in their name are kept for ever, compressed as the client takes it", async () => {
  const plain = await app.inject(ASSET);
  assert.equal(plain.body, SCRIPT);
  assert.equal(plain.headers["cache-control"], "public, max-age=31536000, immutable");
  assert.equal(plain.headers["content-type"], "text/javascript; charset=utf-8");
  const packed = async (accept: string) => app.inject({ url: ASSET, headers: { "accept-encoding": accept } });
  const br = await packed("gzip, deflate, br");
  assert.deepEqual([br.headers["content-encoding"], brotliDecompressSync(br.rawPayload).toString()], ["br", SCRIPT]);
  const gz = await packed("gzip, br;q=0");
  assert.deepEqual([gz.headers["content-encoding"], gunzipSync(gz.rawPayload).toString()], ["gzip", SCRIPT]);
  assert.equal((await packed("identity")).headers["content-encoding"], undefined);
});

test("a large app is read when it is asked for: every file as well, compressed alike", async () => {
  const lazy = createHttp({
    config: { trustedProxies: [], tlsCert: undefined, tlsKey: undefined, publicUrl: undefined },
    log: openLog({ level: "silent" }),
    metrics: openMetrics({ ofProcess: false }),
    headers: () => ({ "content-security-policy": "default-src 'self'" }),
  });
  await addPages(lazy, { folder, entries: {}, wires: [], lazy: true, forever: /\.svg$/ });
  const plain = await lazy.inject(ASSET);
  assert.deepEqual([plain.body, plain.headers["cache-control"]], [SCRIPT, "no-cache"]);
  const br = await lazy.inject({ url: ASSET, headers: { "accept-encoding": "br" } });
  assert.equal(brotliDecompressSync(br.rawPayload).toString(), SCRIPT);
  assert.equal(br.headers["etag"], plain.headers["etag"]);
  assert.match(String((await lazy.inject("/mark.svg")).headers["cache-control"]), /immutable/);
  assert.match((await lazy.inject("/any/page")).body, /<title>index/);
  assert.equal(plain.headers["content-security-policy"], "default-src 'self'");
  assert.equal(plain.headers["x-content-type-options"], "nosniff");
});

test("an unchanged file is not sent again", async () => {
  const tag = String((await app.inject(ASSET)).headers["etag"]);
  const again = await app.inject({ url: ASSET, headers: { "if-none-match": tag } });
  assert.deepEqual([again.statusCode, again.body], [304, ""]);
});

test("without a built web app the answer says how to build it", async () => {
  const bare = await open(join(folder, "nothing"));
  const answer = await bare.inject("/");
  assert.equal(answer.statusCode, 404);
  assert.match(answer.json<{ message: string }>().message, /npm run build:web/);
});
