import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What dciodvfy (Debian's dicom3tools) calls an error in a Part 10 file; [] for a complete and consistent IOD. */
export function iodErrors(part10: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), "safelight-iod-"));
  try {
    const file = join(folder, "object.dcm");
    writeFileSync(file, part10);
    const run = spawnSync("dciodvfy", [file], { encoding: "latin1" });
    if (run.error) throw new Error("dciodvfy is missing: install Debian's dicom3tools", { cause: run.error });
    return `${run.stdout}${run.stderr}`.split("\n").filter((line) => line.startsWith("Error"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
