import { runAll, type Step } from "./run.ts";

/** The acceptance lines that have a command, by number; docs/acceptance.md tells the rest and the last figures. */
const LINES: Readonly<Record<string, readonly Step[]>> = {
  "1": [
    {
      name: "the demonstration in a fresh clone below 0700, as root and as an ordinary user",
      command: "node",
      args: ["--test", "test/interop/demo-anywhere.test.ts"],
    },
  ],
  "2": [
    { name: "every valid file, there and back", command: "node", args: ["--test", "test/interop/round-trip.test.ts"] },
  ],
  "3": [
    {
      name: "metadata and frames beside pydicom",
      command: "node",
      args: ["--test", "test/interop/dicom-pydicom.test.ts"],
    },
    {
      name: "metadata and frames over HTTP beside the oracles",
      command: "node",
      args: ["--test", "test/interop/web-oracles.test.ts"],
    },
    { name: "Orthanc as a peer", command: "node", args: ["--test", "test/interop/orthanc.test.ts"] },
    { name: "pixels beside the oracles", command: "node", args: ["--test", "test/interop/pixels-decode.test.ts"] },
  ],
  "4": [
    { name: "100 rounds of kill -9", command: "node", args: ["test/interop/kill.test.ts", "100"] },
    {
      name: "kill -9 at the first start, in an import, in the sweep",
      command: "node",
      args: ["test/interop/kill-elsewhere.test.ts", "10"],
    },
    { name: "the order of system calls", command: "node", args: ["--test", "test/interop/order-of-calls.test.ts"] },
    {
      name: "no room, no database, damage, broken lines, strangers, malformed input",
      command: "node",
      args: [
        "--test",
        "--test-concurrency=1",
        ...["no-room", "database-gone", "damaged", "line", "strangers", "malformed"].map(
          (name) => `test/interop/${name}.test.ts`,
        ),
      ],
    },
  ],
  "5": [
    {
      name: "verdicts, walls, links",
      command: "node",
      args: ["--test", "src/features/**/*.test.ts", "test/laws/*.test.ts"],
    },
    {
      name: "actors at every route, raw SQL, sign-in, forgery, leaks",
      command: "node",
      args: ["--test", "test/access/*.test.ts"],
    },
    { name: "the time of a refusal", command: "node", args: ["bench/refusals.ts"] },
  ],
  "6": [{ name: "ingest, frames, memory", command: "node", args: ["bench/all.ts"] }],
  "7": [{ name: "browser stories", command: "node", args: ["scripts/stories.ts"] }],
  "8": [
    { name: "OHIF shows CT, MR and ultrasound", command: "node", args: ["--test", "test/interop/ohif.test.ts"] },
    {
      name: "dicomweb-client from another origin",
      command: "node",
      args: ["--test", "test/interop/dicomweb-client.test.ts"],
    },
  ],
};

const wanted = process.argv[2];
const steps = wanted === undefined ? Object.values(LINES).flat() : LINES[wanted];
if (steps === undefined) {
  process.stderr.write(`There is a command for the lines ${Object.keys(LINES).join(", ")}.\n`);
  process.exit(2);
}
process.exit((await runAll(steps, { all: true })) ? 0 : 1);
