import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { gridOf, LAYOUTS } from "./layout.ts";
import { type Action, reduce } from "./reduce.ts";
import { activePane, emptyPane, isViewed, plainView, type StackInfo, startState, type ViewerState } from "./state.ts";

const stack = (count: number, placed = true, from = 0, step = 5): StackInfo => ({
  study: "now",
  series: "1.2",
  count,
  modality: "CT",
  normal: placed ? [0, 0, 1] : undefined,
  places: Array.from({ length: count }, (_, at) => (placed ? from + at * step : undefined)),
  frameOfReference: "",
  fps: undefined,
});
const STACKS = { head: stack(31), prior: stack(29, true, 2), loop: stack(12, false), scout: stack(1) };
const from = (...actions: Action[]): ViewerState =>
  actions.reduce(reduce, reduce(startState(), { type: "stacks", stacks: STACKS }));

test("a stack with places opens in its middle, a loop at its start", () => {
  assert.equal(activePane(from({ type: "open", stack: "head" })).index, 15);
  assert.equal(activePane(from({ type: "open", stack: "loop" })).index, 0);
});

test("a stack that is not known opens nothing", () => {
  const state = from();
  assert.equal(reduce(state, { type: "open", stack: "other" }), state);
});

test("scrolling stops at both ends, and loops only when asked to", () => {
  assert.equal(activePane(from({ type: "open", stack: "head" }, { type: "scroll", by: 100 })).index, 30);
  assert.equal(activePane(from({ type: "open", stack: "head" }, { type: "scroll", by: -100 })).index, 0);
  const end = [{ type: "open", stack: "loop", index: 11 } as const, { type: "scroll", by: 1, loop: true } as const];
  assert.equal(activePane(from(...end)).index, 0);
});

test("scrolling past the end changes nothing at all", () => {
  const state = from({ type: "open", stack: "head", index: 30 });
  assert.equal(reduce(state, { type: "scroll", by: 1 }), state);
});

test("turning right in a mirrored view turns the image itself to the left", () => {
  const plain = from({ type: "open", stack: "head" }, { type: "rotate", by: 90 });
  assert.equal(activePane(plain).view.rotation, 90);
  const mirrored = from(
    { type: "open", stack: "head" },
    { type: "flip", axis: "horizontal" },
    { type: "rotate", by: 90 },
  );
  assert.equal(activePane(mirrored).view.rotation, 270);
  const both = reduce(reduce(mirrored, { type: "flip", axis: "vertical" }), { type: "rotate", by: 90 });
  assert.equal(activePane(both).view.rotation, 0);
});

test("a reset gives back the plain view and leaves the image where it is", () => {
  const state = from(
    { type: "open", stack: "head", index: 3 },
    { type: "window", window: { center: 40, width: 80 } },
    { type: "zoom", by: 2 },
    { type: "invert" },
    { type: "reset" },
  );
  assert.deepEqual(activePane(state).view, plainView);
  assert.equal(activePane(state).index, 3);
});

test("a series opened in a pane forgets the view of the one before", () => {
  const state = from({ type: "open", stack: "head" }, { type: "invert" }, { type: "open", stack: "loop" });
  assert.deepEqual(activePane(state).view, plainView);
});

test("the active pane stays in sight when the layout shrinks", () => {
  const state = from(
    { type: "layout", layout: "2x2" },
    { type: "open", stack: "head", pane: 0 },
    { type: "open", stack: "loop", pane: 3 },
    { type: "layout", layout: "1x1" },
  );
  assert.equal(state.active, 0);
  assert.equal(activePane(state).stack, "loop");
});

test("a loop that the layout hides stops playing", () => {
  const state = from(
    { type: "layout", layout: "1x2" },
    { type: "open", stack: "loop", pane: 1 },
    { type: "cine", pane: 1 },
    { type: "activate", pane: 0 },
    { type: "layout", layout: "1x1" },
  );
  assert.equal(state.panes[1]?.cine.playing, false);
});

test("a pane that the layout does not show cannot become active", () => {
  assert.equal(from({ type: "activate", pane: 3 }).active, 0);
});

test("comparing puts the prior to the right at the same level, with the same window, linked", () => {
  const state = from(
    { type: "open", stack: "head", index: 10 },
    { type: "window", window: { center: 40, width: 80 } },
    { type: "compare", stack: "head", prior: "prior" },
  );
  assert.equal(state.layout, "1x2");
  assert.equal(state.panes[1]?.stack, "prior");
  assert.equal(state.panes[1]?.index, 10, "50 mm: 2 + 10 × 5 = 52 is nearer than 47");
  assert.deepEqual(state.panes[1]?.view.window, { center: 40, width: 80 });
  const moved = reduce(state, { type: "scroll", by: 3 });
  assert.deepEqual([moved.panes[0]?.index, moved.panes[1]?.index], [13, 13]);
});

test("linked panes move with whichever is scrolled, and stand alone again when the link is taken away", () => {
  const linked = from({ type: "open", stack: "head", index: 10 }, { type: "compare", stack: "head", prior: "prior" });
  const right = reduce(linked, { type: "scroll", by: -2, pane: 1 });
  assert.deepEqual([right.panes[0]?.index, right.panes[1]?.index], [8, 8]);
  const alone = reduce(reduce(right, { type: "link" }), { type: "scroll", by: 5, pane: 1 });
  assert.deepEqual([alone.panes[0]?.index, alone.panes[1]?.index], [8, 13]);
});

test("linked again after one was moved alone, the difference is kept", () => {
  const apart = from(
    { type: "open", stack: "head", index: 10 },
    { type: "compare", stack: "head", prior: "prior" },
    { type: "link", on: false },
    { type: "goto", index: 14, pane: 1 },
    { type: "link", on: true },
    { type: "scroll", by: 1, pane: 0 },
  );
  assert.deepEqual([apart.panes[0]?.index, apart.panes[1]?.index], [11, 15]);
});

test("a series is viewed when each of its images was on screen once, in whatever order and however often", () => {
  let state = from();
  for (const index of [2, 0, 2, 1, 1]) state = reduce(state, { type: "seen", stack: "loop", index });
  assert.equal(isViewed(state, "loop"), false);
  for (let index = 11; index >= 0; index--) state = reduce(state, { type: "seen", stack: "loop", index });
  assert.equal(isViewed(state, "loop"), true);
});

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant("open" as const), stack: fc.constantFrom(...Object.keys(STACKS)), pane: fc.nat(3) }),
  fc.record({ type: fc.constant("layout" as const), layout: fc.constantFrom(...LAYOUTS) }),
  fc.record({
    type: fc.constant("scroll" as const),
    by: fc.integer({ min: -40, max: 40 }),
    pane: fc.nat(3),
    loop: fc.boolean(),
  }),
  fc.record({ type: fc.constant("goto" as const), index: fc.integer({ min: -5, max: 60 }) }),
  fc.record({ type: fc.constant("activate" as const), pane: fc.nat(3) }),
  fc.record({ type: fc.constant("rotate" as const), by: fc.constantFrom(90 as const, -90 as const) }),
  fc.record({ type: fc.constant("flip" as const), axis: fc.constantFrom("horizontal" as const, "vertical" as const) }),
  fc.record({ type: fc.constant("zoom" as const), by: fc.double({ min: 0.1, max: 9, noNaN: true }) }),
  fc.constant<Action>({ type: "link" }),
  fc.constant<Action>({ type: "compare", stack: "head", prior: "prior" }),
);

test("whatever is done, the active pane is in sight, every index is within its stack, every rotation a quarter turn", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const state = from(...actions);
      assert.equal(state.panes.length, 4);
      assert.ok(state.active < gridOf(state.layout).count);
      for (const pane of state.panes) {
        const count = pane.stack === undefined ? 1 : STACKS[pane.stack as keyof typeof STACKS].count;
        assert.ok(pane.index >= 0 && pane.index < count);
        assert.ok([0, 90, 180, 270].includes(pane.view.rotation));
        assert.ok(pane.view.zoom >= 0.1 && pane.view.zoom <= 40);
      }
    }),
  );
});

test("four turns one way, or two flips of one axis, are none", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 20 }), (actions) => {
      const state = from(...actions);
      const turned = [1, 2, 3, 4].reduce((held) => reduce(held, { type: "rotate", by: 90 }), state);
      assert.deepEqual(activePane(turned), activePane(state));
      const flipped = [1, 2].reduce((held) => reduce(held, { type: "flip", axis: "vertical" }), state);
      assert.deepEqual(activePane(flipped), activePane(state));
    }),
  );
});

test("an empty pane is not moved", () => {
  assert.deepEqual(from({ type: "scroll", by: 3 }).panes[0], emptyPane);
});
