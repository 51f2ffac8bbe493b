import { ensurePeers } from "./peers.ts";
import { runAll } from "./run.ts";

/**
 * What CI runs. It does not hold the database, decoder, interop and browser suites yet (`npm test`,
 * `npm run test:interop`): docs/acceptance.md says which of them were seen to pass.
 */
if (!ensurePeers()) process.exit(3);
const passed = await runAll([
  { name: "check", command: "node", args: ["scripts/check.ts"] },
  { name: "generated files are up to date", command: "node", args: ["scripts/generate.ts", "--check"] },
  { name: "build the pages", command: "npm", args: ["run", "-s", "build:web"] },
  { name: "core tests and the round trip of every sample", command: "npm", args: ["run", "-s", "test:core"] },
]);
process.exit(passed ? 0 : 1);
