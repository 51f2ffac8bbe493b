import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "#kit/fault.ts";
import { COMMANDS, main, type Row } from "./cli.ts";
import type { Command } from "./command.ts";

const greet: Command = {
  usage: "NAME --org ORG",
  options: {
    org: { value: "ORG", says: "whose", required: true },
    loud: { says: "louder" },
    option: { value: "O", says: "many", multiple: true },
  },
  positionals: [1, 1],
  run: async (call) => {
    const [who] = call.positionals;
    if (who === "nobody") return "negative";
    if (who === "full") throw new Fault("storage.full", "There is no room; free some.");
    if (who === "bug") throw new TypeError("a bug");
    call.say("working");
    call.answer(
      { who, org: call.need("org"), loud: call.flag("loud"), options: call.values("option") },
      `Hello ${who}\n`,
    );
    return undefined;
  },
};
const rows: Row[] = [
  { words: "greet", summary: "says hello", load: async () => greet },
  { words: "admin greet", summary: "says hello as an administrator", load: async () => greet },
];

async function run(...args: string[]) {
  const said = { out: "", err: "" };
  const io = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  return { code: await main(args, io, rows), ...said };
}

test("a command answers people in lines and exits 0", async () => {
  assert.deepEqual(await run("greet", "Ann", "--org", "A"), { code: 0, out: "Hello Ann\n", err: "working\n" });
});

test("with --json the answer is one JSON object and nothing else", async () => {
  const { code, out, err } = await run(
    "admin",
    "greet",
    "Ann",
    "--org=A",
    "--loud",
    "--json",
    "--option",
    "1",
    "--option",
    "2",
  );
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(JSON.parse(out), { who: "Ann", org: "A", loud: true, options: ["1", "2"] });
});

test("a negative finding exits 1", async () => assert.equal((await run("greet", "nobody", "--org", "A")).code, 1));

test("wrong use exits 2 with a line that names what is wrong", async () => {
  for (const [args, words] of [
    [["greet", "Ann"], /--org is missing/],
    [["greet", "--org", "A"], /used as: safelight greet NAME --org ORG/],
    [["greet", "Ann", "Bob", "--org", "A"], /used as/],
    [["greet", "Ann", "--org", "A", "--nonsense"], /--nonsense/],
    [["unknown"], /no command "unknown"/],
    [["admin", "unknown"], /admin greet/],
    [[], /Usage/],
  ] as const) {
    const { code, out, err } = await run(...args);
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.match(err, words);
  }
});

test("what could not be done exits 3 with one line that says what to do", async () => {
  assert.deepEqual(await run("greet", "full", "--org", "A"), {
    code: 3,
    out: "",
    err: "safelight: There is no room; free some.\n",
  });
  assert.equal((await run("greet", "bug", "--org", "A")).code, 3);
});

test("--help explains the whole, a group and a command, and exits 0", async () => {
  const whole = await run("--help");
  assert.match(whole.out, /greet {8}says hello\n {2}admin greet {2}says hello as an administrator/);
  assert.match((await run("admin", "--help")).out, /admin greet/);
  const one = await run("greet", "--help");
  assert.equal(one.code, 0);
  assert.match(one.out, /--org ORG +whose \(required\)/);
});

test("every command has help with a usage line", async () => {
  for (const { words } of COMMANDS) {
    let out = "";
    assert.equal(
      await main([...words.split(" "), "--help"], { out: (text) => void (out += text), err: () => undefined }),
      0,
    );
    assert.match(out, new RegExp(`Usage: safelight ${words}`));
  }
});

const door = join(import.meta.dirname, "..", "..", "bin", "safelight.ts");

test("the door runs a command and passes its exit code on", () => {
  const ran = spawnSync(process.execPath, [door, "config", "--json"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '{"valid":true}\n', ""]);
  const wrong = spawnSync(process.execPath, [door, "config"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], SAFELIGHT_NONSENSE: "1" },
  });
  assert.equal(wrong.status, 3);
  assert.match(wrong.stderr, /^safelight: SAFELIGHT_NONSENSE is no setting/);
});

test("an older Node is refused in a sentence, by syntax that it can read", () => {
  const source = readFileSync(door, "utf8");
  const old = `Object.defineProperty(process.versions, "node", { value: "20.1.0" });`;
  const ran = spawnSync(process.execPath, ["-e", `${old}\n${source.replace(/^#!.*\n/, "")}`], { encoding: "utf8" });
  assert.equal(ran.status, 3);
  assert.match(ran.stderr, /needs Node 26 or newer and this is Node 20\.1\.0/);
  assert.doesNotMatch(source, /^\s*(import |export |let |const .*: )|\?\.|\?\?|`\$\{/m);
});
