import { useSyncExternalStore } from "react";

/** Which room a page stands in; a person may keep the lights as they like. */
export type Room = "dark" | "light";
export type RoomChoice = Room | "auto";

const KEY = "safelight.room";
const listeners = new Set<() => void>();

function read(): RoomChoice {
  const kept = localStorage.getItem(KEY);
  return kept === "dark" || kept === "light" ? kept : "auto";
}

export function useRoomChoice(): [RoomChoice, (choice: RoomChoice) => void] {
  const choice = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, read);
  return [choice, chooseRoom];
}

function chooseRoom(choice: RoomChoice): void {
  if (choice === "auto") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, choice);
  for (const listener of listeners) listener();
}
