import type { Window } from "../dicom/frames.ts";
import { gridOf, type Layout } from "./layout.ts";
import { clamp, follow, meet } from "./link.ts";
import {
  activePane,
  emptyPane,
  infoOf,
  type Pane,
  plainView,
  type StackInfo,
  type Tool,
  type View,
  type ViewerState,
} from "./state.ts";

/** All that can happen to a viewer. `pane` defaults to the active one. */
export type Action =
  | { type: "stacks"; stacks: Readonly<Record<string, StackInfo>> }
  | { type: "open"; stack: string; pane?: number; index?: number }
  | { type: "close"; pane: number }
  | { type: "activate"; pane: number }
  | { type: "layout"; layout: Layout }
  | { type: "scroll"; by: number; pane?: number; loop?: boolean }
  | { type: "goto"; index: number; pane?: number }
  | { type: "view"; view: Partial<View>; pane?: number }
  | { type: "window"; window: Window | undefined; pane?: number }
  | { type: "rotate"; by: 90 | -90; pane?: number }
  | { type: "flip"; axis: "horizontal" | "vertical"; pane?: number }
  | { type: "invert"; pane?: number }
  | { type: "zoom"; by: number; pane?: number }
  | { type: "reset"; pane?: number }
  | { type: "cine"; playing?: boolean; fps?: number; pane?: number }
  | { type: "tool"; tool: Tool }
  | { type: "link"; on?: boolean }
  | { type: "compare"; stack: string; prior: string }
  | { type: "seen"; stack: string; index: number }
  | { type: "toggle"; what: "overlays" | "markings" };

/** The next state. Pure; an action that changes nothing answers the same object. */
export function reduce(state: ViewerState, action: Action): ViewerState {
  switch (action.type) {
    case "stacks":
      return { ...state, stacks: { ...state.stacks, ...action.stacks } };
    case "open":
      return open(state, action.pane ?? state.active, action.stack, action.index);
    case "close":
      return onPane(state, action.pane, () => emptyPane);
    case "activate":
      return action.pane === state.active || action.pane >= gridOf(state.layout).count
        ? state
        : { ...state, active: action.pane };
    case "layout":
      return layOut(state, action.layout);
    case "scroll":
    case "goto":
      return move(state, action);
    case "tool":
      return { ...state, tool: action.tool };
    case "link":
      return { ...state, link: (action.on ?? !state.link) ? anchored(state) : undefined };
    case "compare":
      return compare(state, action.stack, action.prior);
    case "seen":
      return seen(state, action.stack, action.index);
    case "toggle":
      return { ...state, [action.what]: !state[action.what] };
    default:
      return onPane(state, action.pane ?? state.active, (pane) => paneAfter(pane, action));
  }
}

type PaneAction = Extract<
  Action,
  { type: "view" | "window" | "rotate" | "flip" | "invert" | "zoom" | "reset" | "cine" }
>;

function paneAfter(pane: Pane, action: PaneAction): Pane {
  const { view } = pane;
  const seenAs = (change: Partial<View>): Pane => ({ ...pane, view: { ...view, ...change } });
  switch (action.type) {
    case "view":
      return seenAs(action.view);
    case "window":
      return seenAs({ window: action.window });
    case "rotate":
      // The image is turned before it is flipped: in a mirrored view, right is the other way round.
      return seenAs({ rotation: (view.rotation + (view.flipH === view.flipV ? action.by : -action.by) + 360) % 360 });
    case "flip":
      return seenAs(action.axis === "horizontal" ? { flipH: !view.flipH } : { flipV: !view.flipV });
    case "invert":
      return seenAs({ invert: !view.invert });
    case "zoom":
      return seenAs({ zoom: Math.min(40, Math.max(0.1, view.zoom * action.by)) });
    case "reset":
      return { ...pane, view: plainView };
    case "cine":
      return {
        ...pane,
        cine: {
          playing: action.playing ?? (action.fps === undefined ? !pane.cine.playing : pane.cine.playing),
          fps: action.fps ?? pane.cine.fps,
        },
      };
  }
}

function onPane(state: ViewerState, at: number, change: (pane: Pane) => Pane): ViewerState {
  const before = state.panes[at];
  if (!before) return state;
  const after = change(before);
  return after === before ? state : { ...state, panes: state.panes.with(at, after) };
}

/** A stack opens in its middle, where the anatomy is; loops, and stacks without places, open at their start. */
export function firstIndexOf(info: StackInfo | undefined): number {
  if (!info || info.count === 0) return 0;
  return info.places.some((place) => place !== undefined) ? Math.floor((info.count - 1) / 2) : 0;
}

function open(state: ViewerState, at: number, stack: string, index: number | undefined): ViewerState {
  const info = state.stacks[stack];
  if (!info) return state;
  const shown = onPane(state, at, () => ({
    ...emptyPane,
    stack,
    index: clamp(index ?? firstIndexOf(info), info.count),
  }));
  const active = at < gridOf(state.layout).count ? at : state.active;
  return { ...shown, active, link: shown.link && anchored(shown) };
}

function layOut(state: ViewerState, layout: Layout): ViewerState {
  if (layout === state.layout) return state;
  const { count } = gridOf(layout);
  // The active pane stays in sight: it moves to the front when its place goes.
  const active = Math.min(state.active, count - 1);
  const panes = state.active < count ? state.panes : state.panes.with(active, activePane(state));
  const hidden = panes.map((pane, index) =>
    index >= count && pane.cine.playing ? { ...pane, cine: { ...pane.cine, playing: false } } : pane,
  );
  const next = { ...state, layout, active, panes: hidden };
  return { ...next, link: count > 1 && state.link ? anchored(next) : undefined };
}

type Move = Extract<Action, { type: "scroll" | "goto" }>;
function move(state: ViewerState, action: Move): ViewerState {
  const at = action.pane ?? state.active;
  const pane = state.panes[at];
  const info = infoOf(state, pane);
  if (!pane || !info) return state;
  const wanted = action.type === "goto" ? action.index : pane.index + action.by;
  const looped = action.type === "scroll" && action.loop === true;
  const index = looped ? ((wanted % info.count) + info.count) % info.count : clamp(wanted, info.count);
  if (index === pane.index) return state;
  const moved = onPane(state, at, (held) => ({ ...held, index }));
  return state.link ? followed(moved, state.link.anchors, at, info, index) : moved;
}

function followed(
  state: ViewerState,
  anchors: readonly number[],
  mover: number,
  info: StackInfo,
  index: number,
): ViewerState {
  const shown = gridOf(state.layout).count;
  const panes = state.panes.map((pane, at) => {
    const other = infoOf(state, pane);
    if (at === mover || at >= shown || !other || pane.cine.playing) return pane;
    const to = follow(info, { anchor: anchors[mover] ?? 0, index }, other, anchors[at] ?? 0);
    return to === pane.index ? pane : { ...pane, index: to };
  });
  return { ...state, panes };
}

const anchored = (state: ViewerState) => ({ anchors: state.panes.map((pane) => pane.index) });

function compare(state: ViewerState, stack: string, prior: string): ViewerState {
  const current = state.stacks[stack];
  const before = state.stacks[prior];
  if (!current || !before) return state;
  const held = state.panes.find((pane) => pane.stack === stack);
  const left: Pane = held ?? { ...emptyPane, stack, index: firstIndexOf(current) };
  const right: Pane = {
    ...emptyPane,
    stack: prior,
    index: meet(current, left.index, before),
    view: { ...plainView, window: left.view.window, invert: left.view.invert },
  };
  const next: ViewerState = { ...state, layout: "1x2", active: 0, panes: state.panes.with(0, left).with(1, right) };
  return { ...next, link: anchored(next) };
}

function seen(state: ViewerState, stack: string, index: number): ViewerState {
  const held = state.seen[stack] ?? [];
  if (held.includes(index)) return state;
  return { ...state, seen: { ...state.seen, [stack]: [...held, index] } };
}
