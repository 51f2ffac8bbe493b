import { spawn } from "node:child_process";

export type Step = { name: string; command: string; args: readonly string[]; env?: Record<string, string> };

/** Runs one step with its output passed through; resolves with its exit code and duration in seconds. */
export function run({ command, args, env }: Step): Promise<{ code: number; seconds: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      resolve({ code: signal ? 1 : (code ?? 1), seconds: (performance.now() - began) / 1000 }),
    );
  });
}

/** Runs steps one after another and prints what each took; the first failure ends it unless `all`. Answers whether all passed. */
export async function runAll(steps: readonly Step[], { all = false } = {}): Promise<boolean> {
  const lines: string[] = [];
  let passed = true;
  for (const step of steps) {
    process.stdout.write(`\n── ${step.name}\n`);
    const { code, seconds } = await run(step);
    lines.push(`${code === 0 ? "ok  " : "FAIL"}  ${seconds.toFixed(1).padStart(7)} s  ${step.name}`);
    if (code === 0) continue;
    passed = false;
    if (!all) break;
  }
  process.stdout.write(`\n${lines.join("\n")}\n`);
  return passed;
}
