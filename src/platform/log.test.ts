import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { openLog } from "./log.ts";

function logged(fields: Record<string, unknown>): Record<string, unknown> {
  const lines: string[] = [];
  openLog({ level: "info", to: { write: (line: string) => void lines.push(line) } }).info(fields, "said");
  return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
}

test("IDs, codes, counts and route patterns are written", () => {
  const line = logged({ study: "018f", route: "/studies/:uid", status: 200, ms: 3, code: "x", ok: true, none: null });
  for (const [name, value] of Object.entries({
    study: "018f",
    route: "/studies/:uid",
    status: 200,
    ms: 3,
    code: "x",
    ok: true,
    none: null,
  }))
    assert.equal(line[name], value);
  assert.equal(line["msg"], "said");
});

test("whatever could be a person, a secret or an input is not", () => {
  const names = [
    "patientName",
    "name",
    "birthDate",
    "email",
    "to_address",
    "body",
    "query",
    "search",
    "headers",
    "cookie",
    "authorization",
    "password",
    "token",
    "secret",
    "url",
    "uri",
    "description",
    "text",
    "value",
    "params",
  ];
  const line = logged(Object.fromEntries(names.map((name) => [name, "DOE^JANE"])));
  assert.doesNotMatch(JSON.stringify(line), /DOE/);
  assert.doesNotMatch(JSON.stringify(logged({ thing: { deep: "DOE^JANE" }, key: new Hidden("DOE^JANE") })), /DOE/);
});

test("an error shows its kind, codes and places in the source; its message only where it is ours", () => {
  const foreign = Object.assign(new Error("Key (patient_id)=(DOE) already exists"), {
    code: "23505",
    constraint: "patient_identity",
    detail: "DOE",
  });
  const line = JSON.stringify(
    logged({ err: new Fault("internal", "What to do.", { cause: foreign, place: "body.x" }) }),
  );
  assert.doesNotMatch(line, /DOE/);
  for (const word of ["What to do.", "23505", "patient_identity", "body.x", "log.test.ts"])
    assert.ok(line.includes(word), word);
  const syntax = (() => {
    try {
      return JSON.parse('{"name": DOE') as unknown;
    } catch (error) {
      return error;
    }
  })();
  assert.doesNotMatch(JSON.stringify(logged({ err: syntax })), /DOE/);
});
