import { runAll } from "./run.ts";

/** Everything static, cheapest first. */
const passed = await runAll(
  [
    { name: "format and lint", command: "biome", args: ["check", "."] },
    { name: "types: server", command: "tsc", args: ["--noEmit", "-p", "tsconfig.json"] },
    { name: "types: web", command: "tsc", args: ["--noEmit", "-p", "web/tsconfig.json"] },
    { name: "types: the web's tests", command: "tsc", args: ["--noEmit", "-p", "web/tsconfig.test.json"] },
    { name: "type-aware lint", command: "oxlint", args: ["--type-aware", "--deny-warnings"] },
    { name: "walls", command: "depcruise", args: ["--output-type", "err", "src", "web/src", "bin"] },
    { name: "unused", command: "knip", args: [] },
    { name: "documents", command: "node", args: ["scripts/documents.ts"] },
  ],
  { all: true },
);
process.exit(passed ? 0 : 1);
