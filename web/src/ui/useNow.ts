import { useEffect, useState } from "react";

/** The present moment for drawing; it moves on only when asked to, so that a page draws the same twice. */
export function useNow(everyMs?: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
