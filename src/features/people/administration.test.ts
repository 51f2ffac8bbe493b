import assert from "node:assert/strict";
import { test } from "node:test";
import { ROLES, type Role } from "#contract/words.ts";
import { type Actor, systemActor } from "#features/audit/actor.ts";
import { appointingRefused, mayAdminister, mayAppoint } from "./administration.ts";

const person = (role: Role, resting = false): Actor => ({
  ...{ kind: "person", id: "p", organisation: "o", roles: [role], purpose: "care", session: "s" },
  ...(resting ? { resting } : {}),
});
const token: Actor = { kind: "token", id: "t", organisation: "o", scopes: ["admin"], purpose: "care", session: "t" };

test("a machine with the scope looks and takes away; only administrators and the shell let others in", () => {
  assert.deepEqual([mayAdminister(token), mayAppoint(token), appointingRefused(token)?.refused], [true, false, "role"]);
  assert.deepEqual([mayAppoint(systemActor("o", "s")), appointingRefused(systemActor("o", "s"))], [true, null]);
  for (const role of ROLES) assert.equal(mayAppoint(person(role)), role === "administrator", role);
});

test("an administrator whose sign-in was reset less than a day ago lets nobody in, and hears why", () => {
  assert.equal(appointingRefused(person("administrator")), null);
  assert.equal(appointingRefused(person("administrator", true))?.refused, "resting");
  assert.equal(appointingRefused(person("radiologist", true))?.refused, "role");
});
