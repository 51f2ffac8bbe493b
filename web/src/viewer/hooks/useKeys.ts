import { useEffect, useRef, useState } from "react";
import { type Command, commandOf, KEYMAPS, type KeymapName } from "../model/keys.ts";

const KEPT_AS = "safelight.keymap";

/** The chosen key map; kept on this device, as it says nothing of anyone. */
export function useKeymap(): readonly [KeymapName, (name: KeymapName) => void] {
  const [keymap, setKeymap] = useState<KeymapName>(kept);
  const choose = (name: KeymapName) => {
    setKeymap(name);
    try {
      localStorage.setItem(KEPT_AS, name);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  };
  return [keymap, choose];
}

function kept(): KeymapName {
  try {
    const name = localStorage.getItem(KEPT_AS);
    return name !== null && name in KEYMAPS ? (name as KeymapName) : "ohif";
  } catch {
    return "ohif";
  }
}

/** Hears keys for the whole page, except where something is being typed or chosen. */
export function useKeys(keymap: KeymapName, run: (command: Command) => void): void {
  const call = useRef(run);
  useEffect(() => {
    call.current = run;
  });
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if (event.isComposing || takesKeys(event)) return;
      const command = commandOf(keymap, event);
      if (command === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      call.current(command);
    };
    // On the way down: the drawing tools listen on their elements and would keep the keys for themselves.
    window.addEventListener("keydown", heard, { capture: true });
    return () => window.removeEventListener("keydown", heard, { capture: true });
  }, [keymap]);
}

function takesKeys({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("[role=menu],[role=dialog],[role=listbox]")) return true;
  if (target instanceof HTMLInputElement && target.type === "range") return key.startsWith("Arrow");
  if (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  ) {
    return key !== "Escape";
  }
  return target instanceof HTMLButtonElement && (key === " " || key === "Enter") && target.matches(":focus-visible");
}
