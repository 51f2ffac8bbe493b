import assert from "node:assert/strict";
import { test } from "node:test";
import { viewerWords } from "../words.en.ts";
import { commandsFor } from "./commands.ts";
import {
  COMMANDS,
  commandOf,
  isFree,
  KEYMAPS,
  type KeymapName,
  keymapOf,
  keysOf,
  nameOfKey,
  type OwnKeys,
  ownKeysFrom,
  withKey,
} from "./keys.ts";
import { choicesFor } from "./presets.ts";
import type { Action } from "./reduce.ts";
import { sayKey } from "./say-key.ts";
import { startState } from "./state.ts";

const press = (key: string, held: Partial<Record<"ctrlKey" | "altKey" | "shiftKey" | "metaKey", boolean>> = {}) => ({
  key,
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  metaKey: false,
  ...held,
});

test("shift counts only where it does not make the character", () => {
  assert.equal(nameOfKey(press("?", { shiftKey: true })), "?");
  assert.equal(nameOfKey(press("+", { shiftKey: true })), "+");
  assert.equal(nameOfKey(press("A", { shiftKey: true })), "shift+a");
  assert.equal(nameOfKey(press("ArrowDown", { shiftKey: true })), "shift+arrowdown");
});

test("both maps know W for windowing, 1 to 9 for windows and ? for help; Ctrl with a letter of OHIF's means nothing", () => {
  for (const map of Object.keys(KEYMAPS) as KeymapName[]) {
    assert.equal(commandOf(KEYMAPS[map], press("w")), "tool.window");
    assert.equal(commandOf(KEYMAPS[map], press("7")), "window.7");
    assert.equal(commandOf(KEYMAPS[map], press("?", { shiftKey: true })), "help");
  }
  assert.equal(commandOf(KEYMAPS.ohif, press("w", { ctrlKey: true })), undefined);
  assert.equal(commandOf(KEYMAPS.weasis, press("d")), "tool.length");
});

test("Tab is in no map: it moves the focus", () => {
  for (const map of Object.values(KEYMAPS)) assert.ok(!Object.keys(map).some((key) => key.includes("tab")));
});

test("every command has a key in both maps, and words", () => {
  for (const map of Object.keys(KEYMAPS) as KeymapName[]) {
    for (const command of COMMANDS) assert.ok(keysOf(KEYMAPS[map], command).length > 0, `${command} in ${map}`);
  }
  const words = new Set(Object.keys(viewerWords.command));
  for (const command of COMMANDS) {
    const word = command.startsWith("window.") && command !== "window.own" ? "window-n" : command.replace(".", "-");
    assert.ok(words.has(word), word);
  }
});

test("a reader's own key takes the place of the map's, and of what the map had on it", () => {
  const own = withKey({ base: "ohif", own: {} }, "tool.length", "d");
  assert.deepEqual(keysOf(keymapOf(own), "tool.length"), ["d"]);
  assert.equal(commandOf(keymapOf(own), press("m")), undefined);
  const taken = keymapOf(withKey(own, "tool.angle", "w"));
  assert.equal(commandOf(taken, press("w")), "tool.angle");
  assert.deepEqual(keysOf(taken, "tool.window"), []);
  const moved = withKey(own, "tool.angle", "d");
  assert.deepEqual(moved.own, { "tool.angle": "d" }, "one key, one command");
});

test("what moves the focus, what closes and modifiers alone stay what they are", () => {
  for (const key of ["tab", "shift+tab", "escape", "shift", "ctrl+control", "alt+alt"]) assert.ok(!isFree(key), key);
  for (const key of ["d", "ctrl+d", "shift+arrowup", " ", "f4"]) assert.ok(isFree(key), key);
});

test("kept keys come back as they were; what makes no sense does not", () => {
  const own: OwnKeys = { base: "weasis", own: { cine: "x" } };
  assert.deepEqual(ownKeysFrom(JSON.stringify(own)), own);
  assert.deepEqual(ownKeysFrom('{"base":"mine","own":{"cine":"tab","fly":"f","tags":7}}'), { base: "ohif", own: {} });
  for (const text of [null, "", "weasis", "[]", "null"]) assert.deepEqual(ownKeysFrom(text), { base: "ohif", own: {} });
});

test("keys are said as they stand on a keyboard", () => {
  assert.equal(sayKey("shift+arrowdown"), "⇧ ↓");
  assert.equal(sayKey("ctrl++"), "Ctrl +");
  assert.equal(sayKey(" "), "Space");
});

test("every command does something: an action of the state or a matter of the page", () => {
  const stacks = ["a", "b", "c"];
  const info = {
    study: "",
    series: "",
    count: 5,
    modality: "",
    normal: undefined,
    places: [],
    frameOfReference: "",
    fps: undefined,
  };
  const panes = startState().panes.with(0, { ...startState().panes[0], stack: "b" } as never);
  const state = { ...startState(), panes, stacks: { b: info } };
  for (const command of COMMANDS) {
    const done: unknown[] = [];
    commandsFor({
      state,
      dispatch: (action: Action) => done.push(action),
      choices: choicesFor("HU", []),
      stacks,
      onDelete: () => done.push("delete"),
      onCompare: () => done.push("compare"),
      onSheet: () => done.push("sheet"),
    })(command);
    assert.equal(done.length, 1, command);
  }
});

test("windows by name belong to Hounsfield units; elsewhere the image's own are offered", () => {
  assert.deepEqual(choicesFor("HU", [])[0], { label: "brain", nth: 0, window: { width: 80, center: 40 } });
  assert.equal(choicesFor("HU", []).length, 9);
  assert.deepEqual(choicesFor("", [{ center: 1, width: 2 }]), [
    { label: "stored", nth: 0, window: { center: 1, width: 2 } },
  ]);
});
