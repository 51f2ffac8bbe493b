/**
 * Completes package-lock.json after `npm install` from a registry that does not carry every platform: npm leaves the optional
 * packages out that it could not find, and `npm ci` then refuses the lock file everywhere. Each gets an entry with its version and
 * platform, which is what npm writes itself for a package it need not fetch.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Entry = {
  version?: string;
  integrity?: string;
  cpu?: string[];
  dev?: boolean;
  libc?: string[];
  optional?: boolean;
  os?: string[];
  optionalDependencies?: Record<string, string>;
};
export type Lock = { packages: Record<string, Entry> };

const SYSTEMS: Readonly<Record<string, string>> = {
  aix: "aix",
  android: "android",
  darwin: "darwin",
  freebsd: "freebsd",
  linux: "linux",
  netbsd: "netbsd",
  openbsd: "openbsd",
  openharmony: "openharmony",
  sunos: "sunos",
  win: "win32",
  win32: "win32",
  windows: "win32",
};
const PROCESSORS = new Set([
  ...["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"],
]);
const LIBRARIES = [
  { name: "glibc", pattern: /^(gnu|glibc)$/ },
  { name: "musl", pattern: /^musl/ },
];

/** The platform that the name of a package tells; nothing it does not tell. */
function platformOf(name: string): Pick<Entry, "os" | "cpu" | "libc"> {
  const words = name.replace(/^@/, "").split(/[/_-]/);
  const os = words.map((word) => SYSTEMS[word.replace(/musl$/, "")]).find((found) => found !== undefined);
  const cpu = words.find((word) => PROCESSORS.has(word));
  const library = LIBRARIES.find(({ pattern }) => words.some((word) => pattern.test(word)))?.name;
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(library === undefined || os !== "linux" ? {} : { libc: [library] }),
    ...(os === undefined ? {} : { os: [os] }),
  };
}

/** The lock file with an entry for each optional package that it names and lacks, and where each was put. */
export function completeLock(lock: Lock): { lock: Lock; added: string[] } {
  const packages = { ...lock.packages };
  const added: string[] = [];
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const place = placeFor(packages, path, name, version);
      if (place === undefined) continue;
      packages[place] = {
        version,
        ...sorted({ ...platformOf(name), ...(parent.dev === true ? { dev: true } : {}), optional: true }),
      };
      added.push(place);
    }
  }
  return { lock: { ...lock, packages: sorted(packages) }, added };
}

/** Where an entry is missing for this dependency; undefined when Node would find one from there. */
function placeFor(packages: Lock["packages"], path: string, name: string, version: string): string | undefined {
  const exact = /^\d+\.\d+\.\d+/.test(version);
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const found = packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`];
    if (found !== undefined) {
      if (!exact || found.version === version) return undefined;
      return `${path}/node_modules/${name}`; // another version lies on the way
    }
    if (folder === "") break;
  }
  if (!exact) throw new Error(`${path || "package.json"} names ${name} by the range ${version}; pin one version.`);
  return `node_modules/${name}`;
}

/** As npm orders the keys of its lock files. */
const sorted = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b, "en"))) as T;

if (import.meta.main) {
  const file = join(import.meta.dirname, "..", "package-lock.json");
  const { lock, added } = completeLock(JSON.parse(readFileSync(file, "utf8")) as Lock);
  if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`${added.length} added${added.length > 0 ? `:\n${added.join("\n")}` : ""}\n`);
}
