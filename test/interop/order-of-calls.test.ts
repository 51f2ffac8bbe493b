import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { durableBelow, tooEarly } from "../support/loss/durable.ts";
import { partsOf, type Slice } from "../support/loss/instances.ts";
import { associate, type Device, deviceOf, storeByStow, storeOn } from "../support/loss/senders.ts";
import { type Call, callsOf, descriptorOf, isSync, isWrite, STRACE } from "../support/loss/trace.ts";
import { TestServer } from "../support/server.ts";

/**
 * Acceptance 4, second half. `kill -9` proves little about the loss of power; the order of system calls does: object flushed, its
 * folder flushed, write-ahead log flushed, and only then the answer's bytes.
 */
const BYTES = partsOf({ study: 1, number: 1 }).dataSet.length;

let server: TestServer;
let trace = "";
let token = "";
let device: Device;
const QUIET_MS = 20;
/** Seconds of the clock that the trace uses. */
const now = (): number => Date.now() / 1000;
type Window = { from: number; to: number; port: number; answers: number };
const windows: Record<string, Window> = {};
let calls: Call[] = [];

async function watched(name: string, port: number, answers: number, work: () => Promise<unknown>): Promise<void> {
  await sleep(QUIET_MS); // our clock knows milliseconds, the trace microseconds: windows stand well apart
  const from = now();
  await work();
  windows[name] = { from, to: now() + QUIET_MS / 2_000, port, answers };
  await sleep(QUIET_MS);
}

before(async () => {
  server = await TestServer.start();
  const organisation = await server.organisation("Traced Clinic");
  device = deviceOf(await server.device(organisation, "SCU1"));
  token = await server.token(organisation);
  await server.stop();
  const { dataDir } = server;
  trace = join(dataDir, "calls.trace");
  server = await TestServer.prepare({ dataDir, wrapper: [...STRACE, "-o", trace] });
  await server.up();
  const [one, ...eight] = Array.from({ length: 9 }, (_, at): Slice => ({ study: at + 1, number: 1 }));
  assert.ok(one);
  const associations = await Promise.all([one, ...eight].map(() => associate(server, device)));
  const [first, ...others] = associations;
  assert.ok(first);
  await watched("C-STORE, one instance", server.ports.dicomTls, 1, () => storeOn(first, one));
  await watched("C-STORE, eight associations at once", server.ports.dicomTls, 8, () =>
    Promise.all(others.map((association, at) => storeOn(association, eight[at] ?? one))),
  );
  await Promise.all(associations.map((association) => association.release()));
  await watched("STOW-RS, one instance", server.ports.http, 1, () => stow({ study: 20, number: 1 }));
  await watched("STOW-RS, eight requests at once", server.ports.http, 8, () =>
    Promise.all(Array.from({ length: 8 }, (_, at) => stow({ study: 30 + at, number: 1 }))),
  );
  await endTraced();
  calls = callsOf(readFileSync(trace, "utf8"));
});

after(() => server.remove());

async function stow(slice: Slice): Promise<void> {
  assert.equal((await storeByStow(server, token, [slice])).size, 1);
}

/** strace ends with the program it runs. */
async function endTraced(): Promise<void> {
  const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ");
  const ended = new Promise((resolve) => server.child?.once("exit", resolve));
  process.kill(Number(children[0]), "SIGTERM");
  await ended;
}

/** The first write to each connection of the port within the window: the answers, for nothing else is sent meanwhile. */
function answersIn({ from, to, port }: Window): Call[] {
  const first = new Map<string, Call>();
  for (const call of calls.filter((one) => isWrite(one) && one.start >= from && one.start <= to)) {
    const socket = descriptorOf(call);
    if (new RegExp(`^TCP(v6)?:\\[[^>]*:${port}->`).test(socket) && !first.has(socket)) first.set(socket, call);
  }
  return [...first.values()];
}

const walFlushes = (among: readonly Call[]): Call[] =>
  among.filter((call) => isSync(call) && descriptorOf(call).includes("/pg_wal/"));

for (const name of [
  "C-STORE, one instance",
  "C-STORE, eight associations at once",
  "STOW-RS, one instance",
  "STOW-RS, eight requests at once",
]) {
  test(`${name}: object, folder, write-ahead log, and only then the answer`, () => {
    const window = windows[name];
    assert.ok(window);
    const within = calls.filter(({ start, end }) => start >= window.from && end <= window.to + 1);
    const answers = answersIn(window);
    assert.equal(answers.length, window.answers, "answers in the trace");
    const durable = durableBelow(join(server.dataDir, "objects"), within);
    assert.equal(tooEarly(answers, BYTES, durable, walFlushes(within)), null);
  });
}

/** A trace in which all is well; the tests below take one line out or put it elsewhere. */
const GOOD = [
  '9 1.10 openat(AT_FDCWD</>, "/d/objects/a/x.9", O_WRONLY|O_CREAT|O_EXCL, 0600) = 31</d/objects/a/x.9> <0.01>',
  "9 1.20 writev(31</d/objects/a/x.9>, [...], 5) = 1000 <0.01>",
  "9 1.30 fsync(31</d/objects/a/x.9> <unfinished ...>",
  "9 1.31 <... fsync resumed>) = 0 <0.01>",
  '9 1.40 rename("/d/objects/a/x.9", "/d/objects/a/x") = 0 <0.01>',
  "9 1.50 fsync(32</d/objects/a>) = 0 <0.01>",
  "8 1.60 fdatasync(5</d/postgres/cluster/pg_wal/000000010000000000000001>) = 0 <0.01>",
];
const verdict = (lines: readonly string[]): string | null => {
  const parsed = callsOf(lines.join("\n"));
  return tooEarly([{ start: 1.7 }], 1000, durableBelow("/d/objects", parsed), walFlushes(parsed));
};
const without = (part: string): string[] => GOOD.filter((line) => !line.includes(part));
const moved = (part: string, time: string): string[] =>
  GOOD.map((line) => (line.includes(part) ? line.replace(/^(\d+) \S+/, `$1 ${time}`) : line));

test("the reading of traces finds every order that could lose an object", () => {
  assert.equal(verdict(GOOD), null);
  for (const [what, lines] of [
    ["no flush of the object", without("fsync")],
    ["no flush of the folder", without("fsync(32")],
    ["no flush of the log", without("pg_wal")],
    ["the folder flushed before the rename", moved("fsync(32", "1.35")],
    ["the log flushed before the folder", moved("pg_wal", "1.45")],
    ["the log flushed after the answer", moved("pg_wal", "1.75")],
    ["written after the flush", moved("writev", "1.55")],
    ["half of it written", GOOD.map((line) => line.replace("= 1000", "= 500"))],
  ] as const)
    assert.notEqual(verdict(lines), null, what);
});

test("the reading of traces takes other ways of making an object durable", () => {
  const [, write = "", begun = "", resumed = "", , folder = "", wal = ""] = GOOD;
  const container = [write, begun, resumed, wal];
  assert.equal(verdict(container), null, "a file that was there before");
  const unnamed = [write, begun, resumed].map((line) => line.replaceAll("x.9", "#77"));
  const link = '9 1.40 linkat(AT_FDCWD</>, "/d/objects/a/#77", AT_FDCWD</>, "/d/objects/a/x", 0) = 0 <0.01>';
  assert.equal(verdict([...unnamed, link, folder, wal]), null, "a file without a name, linked");
  assert.notEqual(verdict([...unnamed, link, wal]), null, "linked, and the folder not flushed");
});
