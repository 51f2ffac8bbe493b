/** A key's name as it stands on a keyboard. */
export function sayKey(key: string): string {
  const NAMES: Readonly<Record<string, string>> = {
    arrowup: "↑",
    arrowdown: "↓",
    arrowleft: "←",
    arrowright: "→",
    " ": "Space",
    escape: "Esc",
    delete: "Del",
    backspace: "⌫",
    pageup: "PgUp",
    pagedown: "PgDn",
    ctrl: "Ctrl",
    alt: "Alt",
    shift: "⇧",
    home: "Home",
    end: "End",
    enter: "↵",
  };
  const parts = key === "+" ? ["+"] : key.endsWith("++") ? [key.slice(0, -2), "+"] : key.split("+");
  return parts.map((part) => NAMES[part] ?? part.toUpperCase()).join(" ");
}
