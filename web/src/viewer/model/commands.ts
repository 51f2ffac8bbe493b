import type { Command } from "./keys.ts";
import { type Layout, neighbourOf } from "./layout.ts";
import type { Choice } from "./presets.ts";
import type { Action } from "./reduce.ts";
import { activePane, infoOf, type Tool, type ViewerState } from "./state.ts";

type Needs = {
  readonly state: ViewerState;
  readonly dispatch: (action: Action) => void;
  readonly choices: readonly Choice[];
  /** What can be opened of this study, in the rail's order. */
  readonly stacks: readonly string[];
  readonly onDelete: () => void;
  readonly onCompare: () => void;
  readonly onSheet: (change: (open: "tags" | "help" | undefined) => "tags" | "help" | undefined) => void;
};

/** Carries out a command: most are one action of the state, a few belong to the page. */
export function commandsFor(needs: Needs): (command: Command) => void {
  return (command) => {
    const { state, dispatch, onDelete, onCompare, onSheet } = needs;
    const action = actionOf(command, needs);
    if (action) return dispatch(action);
    const [family, word] = command.split(".");
    if (family === "tool") return dispatch({ type: "tool", tool: word as Tool });
    if (family === "layout") return dispatch({ type: "layout", layout: word as Layout });
    if (family === "pane") {
      return dispatch({
        type: "activate",
        pane: neighbourOf(state.layout, state.active, word === "left" ? "left" : "right"),
      });
    }
    if (command === "marking.delete") return onDelete();
    if (command === "compare") return onCompare();
    if (command === "close") return onSheet(() => undefined);
    if (command === "tags" || command === "help") onSheet((open) => (open === command ? undefined : command));
  };
}

function actionOf(command: Command, { state, choices, stacks }: Needs): Action | undefined {
  if (command.startsWith("window.")) {
    if (command === "window.own") return { type: "window", window: undefined };
    const choice = choices[Number(command.slice(7)) - 1];
    return choice && { type: "window", window: choice.window };
  }
  if (command.startsWith("series.")) {
    const at = stacks.indexOf(activePane(state).stack ?? "");
    const stack = stacks[command === "series.next" ? at + 1 : at - 1];
    return stack === undefined ? undefined : { type: "open", stack };
  }
  const simple = SIMPLE[command];
  return (
    simple ??
    (command === "image.last" ? { type: "goto", index: (infoOf(state, activePane(state))?.count ?? 1) - 1 } : undefined)
  );
}

const SIMPLE: Partial<Record<Command, Action>> = {
  "image.next": { type: "scroll", by: 1 },
  "image.previous": { type: "scroll", by: -1 },
  "image.next10": { type: "scroll", by: 10 },
  "image.previous10": { type: "scroll", by: -10 },
  "image.first": { type: "goto", index: 0 },
  "zoom.in": { type: "zoom", by: 1.25 },
  "zoom.out": { type: "zoom", by: 0.8 },
  "zoom.fit": { type: "view", view: { zoom: 1, pan: [0, 0] } },
  "rotate.right": { type: "rotate", by: 90 },
  "rotate.left": { type: "rotate", by: -90 },
  "flip.horizontal": { type: "flip", axis: "horizontal" },
  "flip.vertical": { type: "flip", axis: "vertical" },
  invert: { type: "invert" },
  reset: { type: "reset" },
  cine: { type: "cine" },
  link: { type: "link" },
  overlays: { type: "toggle", what: "overlays" },
  markings: { type: "toggle", what: "markings" },
};
