import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { completeLock, type Lock } from "./complete-lock.ts";

const FILE = join(import.meta.dirname, "..", "package-lock.json");
const text = readFileSync(FILE, "utf8");
const ours = (): Lock => JSON.parse(text) as Lock;

test("our lock file is complete, to the byte", () => {
  const { lock, added } = completeLock(ours());
  assert.deepEqual(added, []);
  assert.ok(`${JSON.stringify(lock, null, 2)}\n` === text);
});

test("whatever entries of other platforms are lost come back as they were", () => {
  const lock = ours();
  const lost = Object.entries(lock.packages).filter(
    ([path, { optional, integrity }]) => path !== "" && optional && !integrity,
  );
  assert.ok(lost.length > 10);
  for (const [path] of lost) delete lock.packages[path];
  const { lock: completed, added } = completeLock(lock);
  assert.deepEqual(added.toSorted(), lost.map(([path]) => path).toSorted());
  for (const [path, entry] of lost) assert.deepEqual(completed.packages[path], entry, path);
  assert.ok(`${JSON.stringify(completed, null, 2)}\n` === text);
});

test("a second version of a platform's package lies below the one that wants it", () => {
  const { lock, added } = completeLock({
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0", optionalDependencies: { "@a/linux-x64-musl": "1.0.0" } },
      "node_modules/b": { version: "1.0.0", dev: true },
      "node_modules/b/node_modules/a": {
        version: "2.0.0",
        dev: true,
        optionalDependencies: { "@a/linux-x64-musl": "2.0.0" },
      },
    },
  });
  assert.deepEqual(added, [
    "node_modules/@a/linux-x64-musl",
    "node_modules/b/node_modules/a/node_modules/@a/linux-x64-musl",
  ]);
  const platform = { cpu: ["x64"], libc: ["musl"], optional: true, os: ["linux"] };
  assert.deepEqual(lock.packages[added[0] ?? ""], { version: "1.0.0", ...platform });
  assert.deepEqual(lock.packages[added[1] ?? ""], { version: "2.0.0", dev: true, ...platform });
});

test("a range where a version is needed is refused with its place", () => {
  assert.throws(
    () => completeLock({ packages: { "node_modules/a": { optionalDependencies: { "@a/win32-x64": "^1.0.0" } } } }),
    /node_modules\/a names @a\/win32-x64 by the range \^1\.0\.0/,
  );
});
