import { dirname } from "node:path";
import { type Call, descriptorOf, isSync, isWrite, type Naming, namingOf } from "./trace.ts";

/** Bytes below the store's folder that no loss of power takes away any more, and since when. */
export type Durable = { path: string; bytes: number; at: number };

/** Of two calls on one file the second began after the first had returned. */
const later = (first: number, { start }: Call): boolean => start >= first;

/**
 * What became durable below `root` and when: written, then the file flushed, and its name (if it got one in this trace) flushed
 * with its folder. Whether a file was renamed into place, linked, made there or written into as a container is all the same.
 */
export function durableBelow(root: string, calls: readonly Call[]): Durable[] {
  const below = (path: string): boolean => path.startsWith(`${root}/`) || path === root;
  const syncs = calls.filter((call) => isSync(call) && below(descriptorOf(call)));
  const namings = calls.map(namingOf).filter((naming): naming is Naming => naming !== undefined && below(naming.path));
  const found: Durable[] = [];
  for (const write of calls.filter((call) => isWrite(call) && call.result > 0 && below(descriptorOf(call)))) {
    const names = namesOf(descriptorOf(write), namings);
    const flushed = syncs.find((sync) => names.has(descriptorOf(sync)) && later(write.end, sync));
    const named = namings.filter(({ path }) => names.has(path)).at(-1);
    const kept = named && syncs.find((sync) => descriptorOf(sync) === dirname(named.path) && later(named.end, sync));
    if (flushed === undefined || (named !== undefined && kept === undefined)) continue;
    found.push({
      path: named?.path ?? descriptorOf(write),
      bytes: write.result,
      at: Math.max(flushed.end, kept?.end ?? 0),
    });
  }
  return found;
}

/** Every name of a file from this one on: "a.half", then "a". A link by /proc/self/fd shows its file by its number. */
function namesOf(first: string, namings: readonly Naming[]): Set<string> {
  const names = new Set([first]);
  for (const { from, path } of namings) if (from !== undefined && names.has(from)) names.add(path);
  return names;
}

/** A moment at which an answer of success began to leave. */
export type Answer = { start: number };

/**
 * Why an answer came too early, or null: before the k-th answer leaves, a flush of the write-ahead log has ended that began when
 * k objects of `bytes` each were durable.
 */
export function tooEarly(
  answers: readonly Answer[],
  bytes: number,
  durable: readonly Durable[],
  walFlushes: readonly Call[],
): string | null {
  const inOrder = [...answers].sort((one, other) => one.start - other.start);
  for (const [at, { start }] of inOrder.entries()) {
    const flush = walFlushes
      .filter(({ end }) => end <= start)
      .sort((one, other) => one.start - other.start)
      .at(-1);
    if (flush === undefined) return `answer ${at + 1} left before any flush of the write-ahead log`;
    const safe = durable.filter((one) => one.at <= flush.start).reduce((sum, one) => sum + one.bytes, 0);
    if (safe < (at + 1) * bytes)
      return `answer ${at + 1} left when ${safe} bytes were durable before the log's last flush, not ${(at + 1) * bytes}`;
  }
  return null;
}
