import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { run } from "./run.ts";

/** What is generated, and from what script. `--check` fails when a run changes anything. */
const GENERATED = [
  {
    script: "scripts/generate-dictionary.ts",
    files: ["src/standards/dicom/generated/dictionary.ts", "src/standards/dicom/generated/storage-sop-classes.ts"],
  },
  { script: "scripts/generate-conformance.ts", files: ["docs/conformance/dicom.md"] },
  { script: "scripts/schema.ts", files: ["db/schema.sql", "src/platform/postgres/generated/schema.ts"] },
];

const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
const check = process.argv.includes("--check");
let changed = false;
for (const { script, files } of GENERATED) {
  const before = check ? files.map(digest) : [];
  const { code } = await run({ name: script, command: "node", args: [script] });
  if (code !== 0) process.exit(code);
  for (const [at, file] of files.entries()) {
    if (!check || digest(file) === before[at]) continue;
    changed = true;
    process.stderr.write(
      `${file} is not what ${script} makes of the present sources; run npm run generate and commit it.\n`,
    );
  }
}
process.exit(changed ? 1 : 0);
