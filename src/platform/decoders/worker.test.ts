import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { AnswerReader } from "#platform/decoders/answers.ts";
import { prefix } from "#platform/decoders/wire.ts";
import { childFlags } from "#platform/decoders/worker.ts";

/** Runs code under the child's restrictions; its standard output. */
function confined(code: string): string {
  const run = spawnSync(process.execPath, [...childFlags(2 ** 28), "--input-type=module", "-e", code], {
    env: {},
    encoding: "utf8",
  });
  return run.stdout.trim();
}

for (const [what, code] of [
  ["read what is no code of ours", `(await import("node:fs")).readFileSync("/etc/hostname")`],
  [
    "read the configuration or the data beside the code",
    `(await import("node:fs")).readdirSync(${JSON.stringify(fileURLToPath(new URL("../../../", import.meta.url)))})`,
  ],
  ["write", `(await import("node:fs")).writeFileSync("/tmp/decoder-was-here", "")`],
  ["start a program", `(await import("node:child_process")).execSync("true")`],
  ["start a thread", `new (await import("node:worker_threads")).Worker("", { eval: true })`],
  ["listen", `(await import("node:net")).createServer().listen(0)`],
  ["look into other processes", `(await import("node:fs")).readFileSync("/proc/" + process.ppid + "/environ")`],
] as const) {
  test(`a decoder child may not ${what}`, () => {
    assert.equal(
      confined(`try { ${code}; console.log("did it") } catch (error) { console.log(error.code) }`),
      "ERR_ACCESS_DENIED",
    );
  });
}

test("a decoder child cannot connect anywhere", () => {
  const code = `(await import("node:net")).connect(9, "127.0.0.1").on("error", (error) => console.log(error.code))`;
  assert.equal(confined(`try { ${code} } catch (error) { console.log(error.code) }`), "ERR_ACCESS_DENIED");
});

test("a decoder child has no environment", () =>
  assert.equal(confined("console.log(Object.keys(process.env).length)"), "0"));

function message(head: string, body: Uint8Array): Uint8Array {
  const bytes = new TextEncoder().encode(head);
  return Uint8Array.from([...prefix(bytes.length, body.length), ...bytes, ...body]);
}

test("answers are the same however they are cut into chunks, one after another", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (body, step) => {
      const reader = new AnswerReader(30);
      for (let round = 0; round < 2; round++) {
        const bytes = message('{"is":"ready"}', body);
        const outcomes = [];
        for (let at = 0; at < bytes.length; at += step) outcomes.push(reader.push(bytes.subarray(at, at + step)));
        assert.deepEqual(outcomes.at(-1), { answer: { is: "ready" }, body });
        assert.ok(outcomes.slice(0, -1).every((outcome) => outcome === undefined));
      }
    }),
  );
});

for (const [what, bytes] of [
  ["a body longer than any frame", prefix(2, 31)],
  ["a head without measure", prefix(2 ** 31, 0)],
  ["no JSON", message("{", new Uint8Array())],
  ["more than one answer", Uint8Array.from([...message("{}", new Uint8Array()), 1])],
] as const) {
  test(`a child that says ${what} is not believed`, () =>
    assert.throws(() => new AnswerReader(30).push(bytes), { code: "decoder.failed" }));
}
