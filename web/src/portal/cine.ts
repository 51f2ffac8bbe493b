import { useEffect, useState } from "react";
import type { Position } from "./pictures.ts";

/** Plays a loop at its own speed, but never faster than its pictures arrive. */
export function useCine(
  position: Position | undefined,
  positions: readonly Position[],
  waiting: boolean,
  setAt: (turn: (before: number) => number) => void,
) {
  const [playing, setPlaying] = useState(false);
  const instance = position?.instance;
  const first = positions.findIndex((one) => one.instance === instance);
  const last = positions.findLastIndex((one) => one.instance === instance);
  const possible = position?.cine != null && last > first;
  const rate = Math.min(30, Math.max(1, position?.cine ?? 10));
  useEffect(() => {
    if (!playing || !possible || waiting) return;
    const timer = setTimeout(() => setAt((before) => (before >= last ? first : before + 1)), 1000 / rate);
    return () => clearTimeout(timer);
  });
  return { possible, playing: playing && possible, toggle: () => setPlaying(!playing) };
}
