import { ensurePeers } from "./peers.ts";
import { runAll } from "./run.ts";

/** What CI runs: everything but measurements. */
if (!ensurePeers()) process.exit(3);
const passed = await runAll([
  { name: "check", command: "node", args: ["scripts/check.ts"] },
  { name: "generated files are up to date", command: "node", args: ["scripts/generate.ts", "--check"] },
  { name: "build the pages", command: "npm", args: ["run", "-s", "build:web"] },
  { name: "unit, laws, database", command: "npm", args: ["test", "--silent"] },
  { name: "interop with real peers", command: "npm", args: ["run", "-s", "test:interop"] },
  { name: "browser stories", command: "npm", args: ["run", "-s", "test:e2e", "--", "--built"] },
]);
process.exit(passed ? 0 : 1);
