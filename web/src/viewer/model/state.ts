import type { Window } from "../dicom/frames.ts";
import type { Vec3 } from "../dicom/vector.ts";
import type { Layout } from "./layout.ts";

/**
 * All that a viewer shows, as one plain value: tests, hanging protocols, shared links and the engine speak it. It holds no
 * pixels and no elements of the page.
 */
export type ViewerState = {
  readonly layout: Layout;
  readonly active: number;
  /** Always four; the layout shows the first one, two or four of them. */
  readonly panes: readonly Pane[];
  readonly stacks: Readonly<Record<string, StackInfo>>;
  readonly tool: Tool;
  readonly link: Link | undefined;
  readonly overlays: boolean;
  readonly markings: boolean;
  /** Frames seen, by stack: what "viewed" rests on. */
  readonly seen: Readonly<Record<string, readonly number[]>>;
};

export type Pane = {
  readonly stack: string | undefined;
  readonly index: number;
  readonly view: View;
  readonly cine: { readonly playing: boolean; readonly fps: number | undefined };
};

export type View = {
  /** undefined: each image's own window. */
  readonly window: Window | undefined;
  /** 1 fits the pane. */
  readonly zoom: number;
  /** In parts of the pane's height. */
  readonly pan: readonly [number, number];
  /** Clockwise, in degrees: 0, 90, 180 or 270; the image is turned first, then flipped. */
  readonly rotation: number;
  readonly flipH: boolean;
  readonly flipV: boolean;
  readonly invert: boolean;
};

/** What is known of a stack without its pixels. */
export type StackInfo = {
  readonly study: string;
  readonly series: string;
  readonly count: number;
  readonly modality: string;
  readonly normal: Vec3 | undefined;
  readonly places: readonly (number | undefined)[];
  readonly frameOfReference: string;
  readonly fps: number | undefined;
};

export const TOOLS = ["window", "pan", "zoom", "scroll", "length", "angle", "ellipse", "rectangle", "arrow"] as const;
export type Tool = (typeof TOOLS)[number];

/** Linked scrolling: where each pane stood when it was linked. */
export type Link = { readonly anchors: readonly number[] };

export const plainView: View = {
  window: undefined,
  zoom: 1,
  pan: [0, 0],
  rotation: 0,
  flipH: false,
  flipV: false,
  invert: false,
};
export const emptyPane: Pane = {
  stack: undefined,
  index: 0,
  view: plainView,
  cine: { playing: false, fps: undefined },
};

export const startState = (tool: Tool = "window"): ViewerState => ({
  layout: "1x1",
  active: 0,
  panes: [emptyPane, emptyPane, emptyPane, emptyPane],
  stacks: {},
  tool,
  link: undefined,
  overlays: true,
  markings: true,
  seen: {},
});

export const activePane = (state: ViewerState): Pane => state.panes[state.active] ?? emptyPane;

export function infoOf(state: ViewerState, pane: Pane | undefined): StackInfo | undefined {
  return pane?.stack === undefined ? undefined : state.stacks[pane.stack];
}

/** Whether every frame of the stack was on screen once. */
export function isViewed(state: ViewerState, stack: string): boolean {
  const info = state.stacks[stack];
  return info !== undefined && (state.seen[stack]?.length ?? 0) >= info.count;
}
