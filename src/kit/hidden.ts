import { inspect } from "node:util";

/**
 * Secrets and patients cannot print themselves: keys, tokens and identifying values travel in `Hidden`, and logs, errors,
 * templates and JSON show `[hidden]`.
 */
export class Hidden<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The one way in: `grep -rn "reveal("` lists everyone who sees it. */
  reveal(): T {
    return this.#value;
  }

  toJSON(): string {
    return "[hidden]";
  }

  toString(): string {
    return "[hidden]";
  }

  [inspect.custom](): string {
    return "[hidden]";
  }
}
