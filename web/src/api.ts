import { z } from "zod";
import { Problem } from "#contract/words.ts";

/** What the server refused, with the stable code the page turns into words. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly place: string | undefined;
  /** How many tries remain after a wrong answer, when the server said so. */
  readonly left: number | undefined;
  /** Seconds to wait, when the server said so. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    problem: { code: string; message: string; place?: string | undefined; left?: number | undefined },
    retryAfter?: number,
  ) {
    super(problem.message);
    this.name = "Refused";
    this.status = status;
    this.code = problem.code;
    this.place = problem.place;
    this.left = problem.left;
    this.retryAfter = retryAfter;
  }
}

export const Nothing = z.unknown();

/** A request without a person behind it must not keep a session alive: after half a minute without a touch, requests say so. */
const IDLE_AFTER_MS = 30_000;
let touchedAt = Date.now();
const touched = () => {
  touchedAt = Date.now();
};
for (const touch of ["pointerdown", "keydown", "wheel"])
  addEventListener(touch, touched, { capture: true, passive: true });
const idleHeader = (): Record<string, string> =>
  Date.now() - touchedAt > IDLE_AFTER_MS ? { "safelight-idle": "1" } : {};

type Ask = {
  method?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
  quiet401?: boolean;
  /** Goes on when the page is left meanwhile; for small bodies. */
  keepalive?: boolean;
};

let onSignedOut: () => void = () => {};
/** The one place that learns that a session has ended. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Asks our own server and parses the answer; throws `Refused` for every problem answer and for a server that cannot be reached. */
export async function ask<T extends z.ZodType>(path: string, answer: T, options: Ask = {}): Promise<z.infer<T>> {
  const {
    method = options.body === undefined ? "GET" : "POST",
    body,
    signal,
    quiet401 = false,
    keepalive = false,
  } = options;
  const response = await reach(path, {
    method,
    credentials: "same-origin",
    cache: "no-store",
    headers: {
      accept: "application/json",
      ...idleHeader(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
    ...(keepalive ? { keepalive } : {}),
  });
  if (response.status === 401 && !quiet401) onSignedOut();
  if (!response.ok) throw await refusal(response);
  const parsed = answer.safeParse(await jsonOf(response));
  if (!parsed.success)
    throw new Refused(response.status, { code: "answer.unexpected", message: z.prettifyError(parsed.error) });
  return parsed.data;
}

/** The same failure words for a body that is not JSON: uploads and pictures use it. */
export async function refusal(response: Response): Promise<Refused> {
  const wait = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : undefined;
  const problem = Problem.partial().safeParse(await jsonOf(response));
  const said = problem.success ? problem.data : {};
  return new Refused(
    response.status,
    { code: said.code ?? `http.${response.status}`, message: said.message ?? "", place: said.place, left: said.left },
    retryAfter,
  );
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw new Refused(0, { code: "server.unreachable", message: "" });
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
