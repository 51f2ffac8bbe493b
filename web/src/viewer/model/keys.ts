/** What a key can do. The words' `command` block has a sentence for each. */
export const COMMANDS = [
  "tool.window",
  "tool.pan",
  "tool.zoom",
  "tool.scroll",
  "tool.length",
  "tool.angle",
  "tool.ellipse",
  "tool.rectangle",
  "tool.arrow",
  "image.next",
  "image.previous",
  "image.next10",
  "image.previous10",
  "image.first",
  "image.last",
  "series.next",
  "series.previous",
  "pane.left",
  "pane.right",
  "zoom.in",
  "zoom.out",
  "zoom.fit",
  "rotate.right",
  "rotate.left",
  "flip.horizontal",
  "flip.vertical",
  "invert",
  "reset",
  "cine",
  "window.1",
  "window.2",
  "window.3",
  "window.4",
  "window.5",
  "window.6",
  "window.7",
  "window.8",
  "window.9",
  "window.own",
  "layout.1x1",
  "layout.1x2",
  "layout.2x1",
  "layout.2x2",
  "compare",
  "link",
  "overlays",
  "markings",
  "marking.delete",
  "tags",
  "help",
  "close",
] as const;
export type Command = (typeof COMMANDS)[number];

/** A key as the page names it: modifiers in the order ctrl, alt, shift, then the key; letters in lower case. */
export type Keymap = Readonly<Record<string, Command>>;

const EVERYWHERE: Keymap = {
  "?": "help",
  escape: "close",
  delete: "marking.delete",
  backspace: "marking.delete",
  "1": "window.1",
  "2": "window.2",
  "3": "window.3",
  "4": "window.4",
  "5": "window.5",
  "6": "window.6",
  "7": "window.7",
  "8": "window.8",
  "9": "window.9",
  "0": "window.own",
  arrowdown: "image.next",
  arrowup: "image.previous",
  "shift+arrowdown": "image.next10",
  "shift+arrowup": "image.previous10",
  home: "image.first",
  end: "image.last",
  pagedown: "series.next",
  pageup: "series.previous",
  "alt+1": "layout.1x1",
  "alt+2": "layout.1x2",
  "alt+3": "layout.2x1",
  "alt+4": "layout.2x2",
};

/** OHIF's map, as its users know it, and what OHIF lacks on keys it leaves free. */
const OHIF: Keymap = {
  ...EVERYWHERE,
  w: "tool.window",
  p: "tool.pan",
  z: "tool.zoom",
  s: "tool.scroll",
  m: "tool.length",
  a: "tool.angle",
  e: "tool.ellipse",
  t: "tool.rectangle",
  n: "tool.arrow",
  arrowright: "pane.right",
  arrowleft: "pane.left",
  "+": "zoom.in",
  "-": "zoom.out",
  "=": "zoom.fit",
  r: "rotate.right",
  l: "rotate.left",
  h: "flip.horizontal",
  v: "flip.vertical",
  i: "invert",
  " ": "reset",
  c: "cine",
  k: "compare",
  y: "link",
  o: "overlays",
  u: "markings",
  g: "tags",
};

/** Weasis' map: its letters for the mouse's actions and measurements, its Alt and Ctrl combinations for turning and resetting. */
const WEASIS: Keymap = {
  ...EVERYWHERE,
  w: "tool.window",
  t: "tool.pan",
  z: "tool.zoom",
  s: "tool.scroll",
  d: "tool.length",
  a: "tool.angle",
  e: "tool.ellipse",
  r: "tool.rectangle",
  b: "tool.arrow",
  arrowright: "image.next",
  arrowleft: "image.previous",
  "alt+arrowright": "pane.right",
  "alt+arrowleft": "pane.left",
  "ctrl++": "zoom.in",
  "ctrl+=": "zoom.in",
  "ctrl+-": "zoom.out",
  "ctrl+enter": "zoom.fit",
  "alt+r": "rotate.right",
  "alt+l": "rotate.left",
  "alt+f": "flip.horizontal",
  "alt+v": "flip.vertical",
  "ctrl+i": "invert",
  "alt+backspace": "reset",
  c: "cine",
  k: "compare",
  y: "link",
  i: "overlays",
  m: "markings",
  "alt+d": "tags",
};

export const KEYMAPS = { ohif: OHIF, weasis: WEASIS } as const;
export type KeymapName = keyof typeof KEYMAPS;

type Press = { key: string; ctrlKey: boolean; altKey: boolean; shiftKey: boolean; metaKey: boolean };

/** The name of a pressed key. Shift counts only where it does not make the character, so that "?" and "+" stay themselves. */
export function nameOfKey({ key, ctrlKey, altKey, shiftKey, metaKey }: Press): string {
  const plain = key.toLowerCase();
  const shifts = shiftKey && (plain.length > 1 || plain !== plain.toUpperCase());
  return [ctrlKey || metaKey ? "ctrl+" : "", altKey ? "alt+" : "", shifts ? "shift+" : "", plain].join("");
}

export function commandOf(keymap: Keymap, press: Press): Command | undefined {
  return keymap[nameOfKey(press)];
}

/** The keys of a command, for the help sheet and the tooltips. */
export function keysOf(keymap: Keymap, command: Command): string[] {
  return Object.entries(keymap)
    .filter(([, held]) => held === command)
    .map(([key]) => key);
}

/** A map and the keys that a reader has given to commands instead of the map's. */
export type OwnKeys = { readonly base: KeymapName; readonly own: Readonly<Partial<Record<Command, string>>> };

/** The map as it counts: an own key takes the place of the command's others, and of whatever the map had on it. */
export function keymapOf({ base, own }: OwnKeys): Keymap {
  const taken = new Set(Object.values(own));
  const rest = Object.entries(KEYMAPS[base]).filter(([key, command]) => !taken.has(key) && own[command] === undefined);
  return Object.fromEntries([...rest, ...Object.entries(own).map(([command, key]) => [key, command as Command])]);
}

/** The same with another key for a command; another command's own key that is the same goes. */
export function withKey({ base, own }: OwnKeys, command: Command, key: string): OwnKeys {
  const others = Object.entries(own).filter(([held, its]) => held !== command && its !== key);
  return { base, own: { ...Object.fromEntries(others), [command]: key } };
}

/** Whether a key may be given away: not what moves the focus or closes what is open, and no modifier by itself. */
export const isFree = (key: string): boolean =>
  !/^(shift\+)?tab$|^escape$|(^|\+)(shift|control|alt|meta|altgraph|dead|unidentified|process)$/.test(key);

/** What was kept on this device, as far as it makes sense. */
export function ownKeysFrom(text: string | null): OwnKeys {
  const held = parsed(text);
  const base = typeof held["base"] === "string" && held["base"] in KEYMAPS ? (held["base"] as KeymapName) : "ohif";
  const entries = Object.entries((held["own"] ?? {}) as Record<string, unknown>).filter(
    ([command, key]) =>
      (COMMANDS as readonly string[]).includes(command) && typeof key === "string" && key.length <= 40 && isFree(key),
  );
  return { base, own: Object.fromEntries(entries) };
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
