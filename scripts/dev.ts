/**
 * `npm run dev`: the demonstration's server, which starts again when a file of it changes and keeps its data, and Vite before it,
 * which changes pages in place. The server prints Vite's address as its own. Ctrl-C ends both.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const PAGES = "http://localhost:5173";
const port = process.env["SAFELIGHT_HTTP_PORT"] ?? "8080";

/**
 * Each has a process group of its own: Ctrl-C at a terminal reaches everybody in the group, and a server that is asked a second
 * time ends at once and leaves its database running. So it is asked once, by the one who then waits for its end.
 */
function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, args, {
    ...{ cwd: ROOT, detached: true, stdio: ["ignore", "inherit", "inherit"] },
    env: { ...process.env, ...env },
  });
  child.once("exit", stop);
  return child;
}

let stopping = false;
const children = [
  start(["--watch", "--watch-preserve-output", "bin/safelight.ts", "demo", "--keep"], {
    SAFELIGHT_HTTP_PORT: port,
    SAFELIGHT_PUBLIC_URL: PAGES,
  }),
  start(["node_modules/vite/bin/vite.js", "-c", "web/vite.config.ts", "--strictPort", "--logLevel", "warn"], {
    VITE_SERVER: `http://localhost:${port}`,
  }),
];

/** What one of them may not outlive, the other may not either; this process ends when both have. */
function stop(): void {
  if (stopping) return;
  stopping = true;
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
