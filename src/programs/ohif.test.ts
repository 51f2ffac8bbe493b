import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Fault } from "#kit/fault.ts";
import { readConfig } from "#platform/config.ts";
import { openLog } from "#platform/log.ts";
import { openOhif } from "./ohif.ts";

const cwd = mkdtempSync(join(tmpdir(), "safelight-ohif-"));
const folder = join(cwd, "dist");
const INLINE = 'window.PUBLIC_URL="/"';
mkdirSync(join(folder, "assets"), { recursive: true });
writeFileSync(
  join(folder, "index.html"),
  `<!doctype html><script>${INLINE}</script><script src="/app-config.js"></script>`,
);
writeFileSync(join(folder, "app-config.js"), "window.config = { theirs: true };");
writeFileSync(join(folder, "app.bundle.0f6159c501addfe9.js"), "1;\n");
writeFileSync(join(folder, "assets", "favicon.ico"), "");
after(() => rmSync(cwd, { recursive: true, force: true }));

const log = openLog({ level: "silent" });
const config = (env: Record<string, string> = {}) =>
  readConfig({ env: { SAFELIGHT_OHIF_PORT: "0", SAFELIGHT_OHIF_DIR: folder, ...env }, cwd });

test("OHIF's page is served with our configuration, told where DICOMweb is, on an origin that then counts as listed", async () => {
  const ohif = await openOhif(config(), log);
  assert.deepEqual(ohif.origins(), []);
  const port = await ohif.listen("http://localhost:8080");
  try {
    assert.deepEqual(ohif.origins(), [`http://localhost:${port}`]);
    const ask = (path: string) => fetch(`http://localhost:${port}${path}`);
    assert.match(await (await ask("/viewer?StudyInstanceUIDs=1.2")).text(), /app-config\.js/);
    const appConfig = await (await ask("/app-config.js")).text();
    assert.doesNotMatch(appConfig, /theirs/);
    assert.match(appConfig, /imageRendering: "wadors"/);
    assert.deepEqual(await (await ask("/safelight.json")).json(), { dicomweb: "http://localhost:8080/dicomweb" });
  } finally {
    await ohif.app.close();
  }
});

test("OHIF's pages may run their own scripts and speak to our DICOMweb, and nothing else", async () => {
  const ohif = await openOhif(config(), log);
  const port = await ohif.listen("https://images.example");
  try {
    const { headers } = await fetch(`http://localhost:${port}/`);
    const policy = headers.get("content-security-policy") ?? "";
    const hash = createHash("sha256").update(INLINE).digest("base64");
    assert.match(policy, /default-src 'none'/);
    assert.ok(policy.includes(`'sha256-${hash}'`));
    assert.doesNotMatch(policy, /script-src[^;]*'unsafe-inline'/);
    assert.match(policy, /connect-src 'self' blob: data: https:\/\/images\.example(;|$)/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
  } finally {
    await ohif.app.close();
  }
});

test("only names that carry a hash are kept for ever", async () => {
  const { app } = await openOhif(config(), log);
  const age = async (path: string) => String((await app.inject(path)).headers["cache-control"]);
  assert.match(await age("/app.bundle.0f6159c501addfe9.js"), /immutable/);
  assert.equal(await age("/assets/favicon.ico"), "no-cache");
});

test("a folder without a built OHIF is refused by the name of its setting", async () => {
  await assert.rejects(
    openOhif(config({ SAFELIGHT_OHIF_DIR: cwd }), log),
    (thrown) =>
      thrown instanceof Fault && thrown.code === "config.invalid" && /SAFELIGHT_OHIF_DIR/.test(thrown.message),
  );
});
