/**
 * Gets the built OHIF viewer, which npm publishes as a package that is an app and no library, and prints its folder, for
 * SAFELIGHT_OHIF_DIR. One version, by its hash; it is fetched once.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const VERSION = "3.13.2";
const INTEGRITY = "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==";
const HOME = join(import.meta.dirname, "..", "node_modules", ".cache", "ohif");

/** The folder of the built app. @throws when the registry does not give it or gives something else */
export function ohifFolder(): string {
  const folder = join(HOME, VERSION);
  if (!existsSync(folder)) fetchInto(folder);
  return join(folder, "package", "dist");
}

function fetchInto(folder: string): void {
  mkdirSync(HOME, { recursive: true });
  const work = mkdtempSync(join(HOME, "fetching-"));
  try {
    execFileSync("npm", ["pack", `@ohif/app@${VERSION}`, "--silent", "--pack-destination", work], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const archive = join(work, `ohif-app-${VERSION}.tgz`);
    const integrity = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (integrity !== INTEGRITY)
      throw new Error(`@ohif/app ${VERSION} has the hash ${integrity}; expected is ${INTEGRITY}`);
    execFileSync("tar", ["-xzf", archive, "-C", work], { stdio: ["ignore", "inherit", "inherit"] });
    rmSync(archive);
    renameSync(work, folder); // whole or not at all
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}

if (import.meta.main) process.stdout.write(`${ohifFolder()}\n`);
