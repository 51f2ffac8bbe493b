import { setImmediate } from "node:timers/promises";

/** What a generator yields, one after the other: between two the event loop turns, so that others are served. */
export async function* inTurns<T>(steps: Iterable<T>): AsyncGenerator<T, void, undefined> {
  let first = true;
  for (const step of steps) {
    if (!first) await setImmediate();
    first = false;
    yield step;
  }
}

/** Runs a generator to its end and gives its result; the event loop turns at each yield. */
export async function result<T>(steps: Generator<unknown, T, undefined>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await setImmediate();
  }
}
