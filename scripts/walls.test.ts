import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** A violation of each wall: where it is planted, what it imports, and the rule that must find it. */
const PLANTED = [
  ["src/kit/planted.ts", "#platform/config.ts", "kit imports nothing above it"],
  ["src/trust/planted.ts", "#features/audit/actor.ts", "trust imports nothing above it"],
  ["src/standards/planted.ts", "#trust/keys/wrap.ts", "standards do not know trust"],
  ["src/phantoms/planted.ts", "#trust/keys/wrap.ts", "phantoms know kit and standards only"],
  ["src/contract/planted.ts", "#platform/config.ts", "contract imports nothing above it"],
  ["src/platform/planted.ts", "#features/audit/actor.ts", "platform imports nothing above it"],
  ["src/features/planted.ts", "../programs/node.ts", "features imports nothing above it"],
  ["src/features/audit/planted.ts", "#features/sharing/rules.ts", "audit imports nothing above it"],
  ["src/features/sharing/rules.ts.planted-rules.ts", "#platform/postgres/db.ts", "rules are pure"],
  ["src/trust/planted-net.ts", "node:net", "trust has no network and no database"],
  ["web/src/planted.ts", "#features/audit/actor.ts", "the page sees kit, standards and contract only"],
  ["web/src/planted-node.ts", "node:fs", "the page loads nothing of Node"],
  ["web/src/planted-door.ts", "@cornerstonejs/core", "one door to Cornerstone"],
  ["src/kit/planted-test.ts", "../../scripts/walls.test.ts", "production code does not import tests"],
  ["src/kit/planted-lost.ts", "#kit/not-there.ts", "everything resolves"],
  ["src/kit/planted-type.ts", "#platform/config.ts", "kit imports nothing above it"],
] as const;
/** This one imports a type only: walls hold for types too. */
const TYPES_ONLY = "src/kit/planted-type.ts";

function cruise(paths: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      join(root, "node_modules/.bin/depcruise"),
      ["--output-type", "err", ...paths],
      { cwd: root, maxBuffer: 1 << 26 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

test("a planted violation of every wall is found", async () => {
  const planted = PLANTED.map(([path, target, rule]) => ({
    path: path.replace("rules.ts.planted-rules.ts", "planted-rules.ts"),
    target,
    rule,
  }));
  const circle = [
    ["src/kit/planted-a.ts", "#kit/planted-b.ts"],
    ["src/kit/planted-b.ts", "#kit/planted-a.ts"],
  ] as const;
  const files = [...planted.map(({ path, target }) => [path, target] as const), ...circle];
  try {
    for (const [path, target] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(
        join(root, path),
        `import ${path === TYPES_ONLY ? "type { Planted } from " : ""}${JSON.stringify(target)};\n`,
      );
    }
    const said = await cruise(files.map(([path]) => path));
    for (const { path, rule } of planted)
      assert.ok(
        said.split("\n").some((line) => line.includes(rule) && line.includes(path)),
        `${path}: the wall "${rule}" let it through\n${said}`,
      );
    assert.match(said, /no circles/);
  } finally {
    for (const [path] of files) rmSync(join(root, path), { force: true });
  }
});
