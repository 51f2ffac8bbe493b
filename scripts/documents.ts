import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Every relative link in our documents leads somewhere, and every decision has its four parts. */
const roots = [".", "docs", "docs/decisions", "docs/runbook", "docs/conformance"];
const problems: string[] = [];
for (const root of roots) {
  for (const name of readdirSync(root).filter((file) => file.endsWith(".md"))) {
    const file = join(root, name);
    const text = readFileSync(file, "utf8");
    for (const [, target] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (target !== undefined && !existsSync(join(dirname(file), target)))
        problems.push(`${file}: ${target} does not exist`);
    }
    if (root === "docs/decisions" && /^\d{4}-/.test(name)) {
      for (const part of ["**Context.**", "**Decision.**", "**What we gave up.**", "**How we would notice"])
        if (!text.includes(part)) problems.push(`${relative(".", file)}: no part ${part}`);
    }
  }
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
