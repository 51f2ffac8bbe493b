import type { UploadedFile } from "#contract/studies.ts";
import { localFiles } from "#features/studies/import/local.ts";
import { importFiles } from "#features/studies/import/one-file.ts";
import { ORG, shellOf } from "./admin.ts";
import type { Call, Command } from "./command.ts";
import { openNode } from "./node.ts";

const PROGRESS_MS = 1_000;
/** As many names of refused files as are told for each reason; --json tells all of them. */
const NAMES_TOLD = 20;

export const importCommand: Command = {
  usage: "PATH --org ORG",
  options: { org: ORG },
  positionals: [1, 1],
  async run(call) {
    const node = await openNode(call.config());
    try {
      const who = await shellOf(node, call);
      const tally = new Tally(call);
      const needs = { world: node, who, source: "import" };
      try {
        for await (const file of importFiles(needs, localFiles(call.positionals[0] ?? ""))) tally.add(file);
      } catch (thrown) {
        if (tally.seen > 0) tally.tell(); // what came in before stays
        throw thrown;
      }
      tally.tell();
      return tally.refusals.length > 0 ? "negative" : undefined;
    } finally {
      await node.close();
    }
  },
};

type Refusal = Pick<UploadedFile, "name" | "code" | "message">;

/** Counts outcomes and says how far it is. Names of files go to the operator's own screen and nowhere else. */
class Tally {
  readonly #call: Call;
  readonly #counts: Record<UploadedFile["outcome"], number> = { stored: 0, "already-here": 0, ignored: 0, refused: 0 };
  readonly #ignored = new Map<string, number>();
  readonly #studies = new Set<string>();
  readonly refusals: Refusal[] = [];
  seen = 0;
  #saidAt = Date.now();

  constructor(call: Call) {
    this.#call = call;
  }

  add({ outcome, name, code = "", message = "", studyId }: UploadedFile): void {
    this.seen += 1;
    this.#counts[outcome] += 1;
    if (studyId !== undefined) this.#studies.add(studyId);
    if (outcome === "refused") this.refusals.push({ name, code, message });
    if (outcome === "ignored") this.#ignored.set(code, (this.#ignored.get(code) ?? 0) + 1);
    if (Date.now() - this.#saidAt < PROGRESS_MS) return;
    this.#saidAt = Date.now();
    this.#call.say(this.#line());
  }

  tell(): void {
    const { stored, ignored, refused } = this.#counts;
    this.#call.answer(
      {
        stored,
        alreadyHere: this.#counts["already-here"],
        ignored,
        refused,
        studies: [...this.#studies],
        ignoredBecause: Object.fromEntries(this.#ignored),
        refusals: this.refusals,
      },
      `${this.#line()} · ${this.#studies.size} studies\n${this.#reasons()}`,
    );
  }

  #line(): string {
    const { stored, ignored, refused } = this.#counts;
    return `${stored} stored · ${this.#counts["already-here"]} already here · ${ignored} left out · ${refused} refused`;
  }

  #reasons(): string {
    const lines: string[] = [];
    for (const [code, count] of this.#ignored) lines.push(`  left out ${count} (${code})\n`);
    for (const [code, refusals] of Map.groupBy(this.refusals, (refusal) => refusal.code ?? "")) {
      lines.push(`  refused ${refusals.length} (${code})\n`);
      for (const { name, message } of refusals.slice(0, NAMES_TOLD)) lines.push(`    ${shown(name)}: ${message}\n`);
      if (refusals.length > NAMES_TOLD) lines.push(`    … ${refusals.length - NAMES_TOLD} more\n`);
    }
    return lines.join("");
  }
}

/** A name in an archive may hold anything, control sequences of terminals too. */
function shown(name: string): string {
  return name.replace(/\p{C}/gu, "?").slice(0, 200);
}
