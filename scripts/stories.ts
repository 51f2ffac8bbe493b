import { join } from "node:path";
import { runAll, type Step } from "./run.ts";

/**
 * The browser stories of test/e2e: builds the pages they walk through (`--built`: this run has built them already) and walks.
 * `--pictures` keeps what the people see as docs/pictures/*.png. Anything else names the story files; all unless given.
 */
const given = process.argv.slice(2);
const files = given.filter((word) => !word.startsWith("--"));
const pictures = join(import.meta.dirname, "..", "docs", "pictures");

const build: Step = { name: "build the pages", command: "npm", args: ["run", "-s", "build:web"] };
const walk: Step = {
  name: "browser stories",
  command: "node",
  args: [
    "--test",
    "--test-concurrency=1",
    "--test-reporter=spec",
    "--test-global-setup=test/e2e/support/start.ts",
    ...(files.length > 0 ? files : ["test/e2e/**/*.test.ts"]),
  ],
  env: given.includes("--pictures") ? { STORIES_PICTURES: pictures } : {},
};
process.exit((await runAll(given.includes("--built") ? [walk] : [build, walk])) ? 0 : 1);
