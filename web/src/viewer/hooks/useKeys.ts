import { useEffect, useMemo, useRef, useState } from "react";
import { type Command, commandOf, type Keymap, keymapOf, type OwnKeys, ownKeysFrom } from "../model/keys.ts";

const KEPT_AS = "safelight.keys";

type Keys = { readonly keymap: Keymap; readonly own: OwnKeys; readonly choose: (own: OwnKeys) => void };

/** The reader's keys; kept on this device, as they say nothing of anyone. */
export function useKeymap(): Keys {
  const [own, setOwn] = useState<OwnKeys>(kept);
  const choose = (next: OwnKeys) => {
    setOwn(next);
    try {
      localStorage.setItem(KEPT_AS, JSON.stringify(next));
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  };
  return { keymap: useMemo(() => keymapOf(own), [own]), own, choose };
}

function kept(): OwnKeys {
  try {
    return ownKeysFrom(localStorage.getItem(KEPT_AS));
  } catch {
    return ownKeysFrom(null);
  }
}

/** Hears keys for the whole page, except where something is being typed or chosen. */
export function useKeys(keymap: Keymap, run: (command: Command) => void): void {
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
  if (target.isContentEditable || target.closest("[role=menu],[role=dialog],[role=listbox],[data-recording]"))
    return true;
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
