/**
 * `npm run dev`: the demonstration's server, which starts again when a file of it changes and keeps its data, and Vite before it,
 * which changes pages in place. Open Vite's address. Ctrl-C ends both.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const PAGES = "http://localhost:5173";
const port = process.env["SAFELIGHT_HTTP_PORT"] ?? "8080";

function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  child.once("exit", () => stop());
  return child;
}

const children = [
  start(["--watch", "--watch-preserve-output", "bin/safelight.ts", "demo", "--keep"], { SAFELIGHT_HTTP_PORT: port }),
  start(["node_modules/vite/bin/vite.js", "-c", "web/vite.config.ts", "--strictPort"], {
    VITE_SERVER: `http://localhost:${port}`,
  }),
];

/** What one of them may not outlive, the other may not either. */
function stop(): void {
  for (const child of children) if (child.exitCode === null) child.kill("SIGTERM");
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
process.stdout.write(`Pages: ${PAGES}\n`);
