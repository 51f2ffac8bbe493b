import { runAll } from "../scripts/run.ts";

/** The measurements of acceptance 6, one after the other; `npm run bench -- 5` says how often each pair is repeated. */
const repeats = process.argv[2] ?? "5";
const passed = await runAll(
  [
    { name: "ingest beside Orthanc", command: "node", args: ["bench/ingest.ts", repeats] },
    { name: "WADO-RS frames beside Orthanc", command: "node", args: ["bench/frames.ts", repeats] },
    { name: "resident memory with an object of 2 GB", command: "node", args: ["bench/memory.ts"] },
  ],
  { all: true },
);
process.exit(passed ? 0 : 1);
