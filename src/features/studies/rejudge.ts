const REJUDGE_BYTES = 4 * 1024 * 1024;
const REJUDGE_MS = 1000;

/**
 * Judges again every 4 MiB and every second, and at the start: unless the request was let in just now and its bytes follow at
 * once (`letIn`, the moment of that by Date.now).
 */
export function rejudge(judge: () => Promise<unknown>, letIn?: number): (bytes: number) => Promise<void> {
  let [since, at, begun] = [0, letIn ?? 0, letIn !== undefined];
  return async (bytes) => {
    since += bytes;
    const now = Date.now();
    if (begun && since < REJUDGE_BYTES && now - at < REJUDGE_MS) return;
    [since, at, begun] = [0, now, true];
    await judge();
  };
}
