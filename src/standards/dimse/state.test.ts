import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { AssociateAc, AssociateRj, AssociateRq } from "#standards/dimse/pdu.ts";
import {
  type Effect,
  type Evt,
  mayHappen,
  type Sta,
  step,
  TRANSITIONS,
  type UpperLayerEvent,
} from "#standards/dimse/state.ts";

const lines = (name: string): string[] =>
  readFileSync(new URL(`../../../test/vectors/${name}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

const STATES = Array.from({ length: 13 }, (_, index) => `Sta${index + 1}` as Sta);
const EVENTS = Array.from({ length: 19 }, (_, index) => `Evt${index + 1}` as Evt);

const rq: AssociateRq = {
  type: "A-ASSOCIATE-RQ",
  protocolVersion: 1,
  calledAe: "A",
  callingAe: "B",
  applicationContext: "1",
  contexts: [],
  user: {},
};
const ac: AssociateAc = { ...rq, type: "A-ASSOCIATE-AC", contexts: [] };
const rj: AssociateRj = { type: "A-ASSOCIATE-RJ", result: 1, source: 1, reason: 1 };
const fragment = { context: 1, kind: "command", last: true, bytes: new Uint8Array(0) } as const;

const SAMPLES: { [E in Evt]: Extract<UpperLayerEvent, { evt: E }> } = {
  Evt1: { evt: "Evt1" },
  Evt2: { evt: "Evt2", request: rq },
  Evt3: { evt: "Evt3", pdu: ac },
  Evt4: { evt: "Evt4", pdu: rj },
  Evt5: { evt: "Evt5" },
  Evt6: { evt: "Evt6", pdu: rq },
  Evt7: { evt: "Evt7", pdu: ac },
  Evt8: { evt: "Evt8", pdu: rj },
  Evt9: { evt: "Evt9", bytes: new Uint8Array(0) },
  Evt10: { evt: "Evt10", fragment },
  Evt11: { evt: "Evt11" },
  Evt12: { evt: "Evt12" },
  Evt13: { evt: "Evt13" },
  Evt14: { evt: "Evt14" },
  Evt15: { evt: "Evt15" },
  Evt16: { evt: "Evt16", pdu: { type: "A-ABORT", source: 2, reason: 1 } },
  Evt17: { evt: "Evt17" },
  Evt18: { evt: "Evt18" },
  Evt19: { evt: "Evt19", reason: 1, why: "x" },
};

const cells = new Map<string, string>();
for (const line of lines("ps3.8-table-9-10.txt")) {
  const [state = "", row = ""] = line.split(": ");
  for (const cell of row.split(", ")) {
    const [event, action = ""] = cell.split(" ");
    cells.set(`Evt${event} in ${state}`, action);
  }
}

const actions = new Map<string, { does: string; next: string }>();
for (const line of lines("ps3.8-tables-9-6-to-9-9.txt")) {
  const [action = "", does = "", next = ""] = line.split(/ +/);
  actions.set(action, { does: does === "-" ? "" : does, next });
}

function word(effect: Effect): string {
  if (effect.do === "send") return `send:${effect.pdu.type}`;
  if (effect.do === "tell") return `tell:${effect.what.is}`;
  if (effect.do === "start-artim") return "artim+";
  if (effect.do === "stop-artim") return "artim-";
  return effect.do;
}

for (const state of STATES) {
  for (const event of EVENTS) {
    const action = cells.get(`${event} in ${state}`);
    test(`PS3.8 table 9-10: ${event} in ${state} → ${action ?? "impossible"}`, () => {
      const row: Partial<Record<Sta, string>> = TRANSITIONS[event];
      assert.equal(row[state], action);
      assert.equal(mayHappen({ sta: state, requestor: false }, event), action !== undefined);
      if (action === undefined) {
        assert.throws(() => step({ sta: state, requestor: false }, SAMPLES[event]), { code: "internal" });
        return;
      }
      const [next, effects] = step({ sta: state, requestor: false }, SAMPLES[event]);
      const expected = actions.get(action);
      assert.equal(effects.map(word).join(","), expected?.does);
      assert.equal(next.sta, expected?.next === "=" ? state : expected?.next);
    });
  }
}

test("PS3.8 AR-8: in a release collision the requestor waits in Sta9, the acceptor in Sta10", () => {
  assert.equal(step({ sta: "Sta7", requestor: true }, SAMPLES.Evt12)[0].sta, "Sta9");
  assert.equal(step({ sta: "Sta7", requestor: false }, SAMPLES.Evt12)[0].sta, "Sta10");
});

test("PS3.8 AE-6: another protocol version is rejected by the service provider (1/2/2)", () => {
  const [next, effects] = step({ sta: "Sta2", requestor: false }, { evt: "Evt6", pdu: { ...rq, protocolVersion: 2 } });
  assert.equal(next.sta, "Sta13");
  assert.deepEqual(effects[1], { do: "send", pdu: { type: "A-ASSOCIATE-RJ", result: 1, source: 2, reason: 2 } });
});

test("PS3.8 table 9-26: an unexpected PDU is aborted with reason 2, an invalid one with its own, both by the provider", () => {
  const abortOf = (event: UpperLayerEvent, sta: Sta): Effect | undefined =>
    step({ sta, requestor: false }, event)[1][0];
  assert.deepEqual(abortOf(SAMPLES.Evt3, "Sta6"), { do: "send", pdu: { type: "A-ABORT", source: 2, reason: 2 } });
  assert.deepEqual(abortOf({ evt: "Evt19", reason: 6, why: "x" }, "Sta6"), {
    do: "send",
    pdu: { type: "A-ABORT", source: 2, reason: 6 },
  });
  assert.deepEqual(abortOf({ evt: "Evt19", reason: 6, why: "x" }, "Sta2"), {
    do: "send",
    pdu: { type: "A-ABORT", source: 0, reason: 0 },
  });
});
