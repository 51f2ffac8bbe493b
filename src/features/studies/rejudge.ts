const REJUDGE_BYTES = 4 * 1024 * 1024;
const REJUDGE_MS = 1000;

/** Judges again at the start, every 4 MiB and every second. */
export function rejudge(judge: () => Promise<unknown>): (bytes: number) => Promise<void> {
  let [since, at, begun] = [0, 0, false];
  return async (bytes) => {
    since += bytes;
    const now = Date.now();
    if (begun && since < REJUDGE_BYTES && now - at < REJUDGE_MS) return;
    [since, at, begun] = [0, now, true];
    await judge();
  };
}
