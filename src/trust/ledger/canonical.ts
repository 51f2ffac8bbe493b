import { Fault } from "#kit/fault.ts";

/** Values nested deeper than this are refused. */
const MAX_DEPTH = 64;

/** What the writer still has to do: write a text, write a value, or leave an object or array. */
type Step = { text: string } | { value: unknown; depth: number };

/**
 * RFC 8785 canonical JSON: members sorted by the UTF-16 code units of their names, numbers as ECMAScript writes them, no
 * space. Takes what JSON can hold (null, booleans, finite numbers, strings, arrays, plain objects); members that are
 * `undefined` are left out. Throws `input.invalid` for anything else, lone surrogates and nesting deeper than 64 included.
 */
export function canonicalJson(value: unknown): string {
  let out = "";
  const steps: Step[] = [{ value, depth: 0 }];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if ("text" in step) out += step.text;
    else if (typeof step.value === "object" && step.value !== null) open(steps, step.value, step.depth);
    else out += scalar(step.value);
  }
  return out;
}

function open(steps: Step[], value: object, depth: number): void {
  if (depth >= MAX_DEPTH)
    throw new Fault("input.invalid", `JSON nested deeper than ${MAX_DEPTH} has no canonical form here`);
  const isArray = Array.isArray(value);
  if (!isArray && !isPlain(value)) throw new Fault("input.invalid", "only plain objects have a canonical form");
  const parts = isArray ? itemsOf(value, depth) : membersOf(value, depth);
  steps.push({ text: isArray ? "]" : "}" });
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i];
    if (part === undefined) continue;
    steps.push(part.step, { text: (i > 0 ? "," : "") + part.name });
  }
  steps.push({ text: isArray ? "[" : "{" });
}

type Part = { name: string; step: Step };

function itemsOf(items: unknown[], depth: number): Part[] {
  return Array.from(items, (value) => ({ name: "", step: { value, depth: depth + 1 } }));
}

/** RFC 8785 §3.2.3: JavaScript's own order of strings is the order of UTF-16 code units. */
function membersOf(value: object, depth: number): Part[] {
  const record = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(record).filter((name) => record[name] !== undefined);
  return names.sort().map((name) => ({ name: `${text(name)}:`, step: { value: record[name], depth: depth + 1 } }));
}

/** RFC 8785 §3.2.2. */
function scalar(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return text(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  throw new Fault("input.invalid", `a ${typeof value} that JSON cannot hold has no canonical form`);
}

function text(value: string): string {
  if (!value.isWellFormed())
    throw new Fault("input.invalid", "a text with half a surrogate pair has no canonical form");
  return JSON.stringify(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
