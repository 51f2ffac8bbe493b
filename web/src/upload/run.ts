import { z } from "zod";
import type { UploadedFile } from "#contract/studies.ts";
import { ask } from "../api.ts";
import type { Source } from "./gather.ts";
import { put, type Sent } from "./put.ts";

/** One upload: three files at a time; pause, go on, try the failed ones again. It lives outside the page that shows it. */
export type RunState = {
  phase: "running" | "paused" | "offline" | "done";
  count: number;
  done: number;
  totalBytes: number;
  sentBytes: number;
  bytesPerSecond: number;
  outcomes: Record<UploadedFile["outcome"], number>;
  failures: Map<string, Source[]>;
  studies: Set<string>;
};

const AT_ONCE = 3;
const RETRY_OFFLINE_MS = 4000;
const Begun = z.object({ id: z.string() });

export class UploadRun {
  readonly #waiting: { source: Source; n: number }[];
  readonly #listeners = new Set<() => void>();
  readonly #onStudy: () => void;
  readonly #flying = new Map<number, { abort: AbortController; loaded: number }>();
  readonly #startedAt = Date.now();
  #id: string | undefined;
  #next: number;
  #state: RunState;

  constructor(sources: readonly Source[], onStudy: () => void) {
    this.#onStudy = onStudy;
    this.#waiting = sources.map((source, n) => ({ source, n }));
    this.#next = sources.length;
    this.#state = {
      phase: "running",
      count: sources.length,
      done: 0,
      totalBytes: sources.reduce((sum, source) => sum + source.size, 0),
      sentBytes: 0,
      bytesPerSecond: 0,
      outcomes: { stored: 0, "already-here": 0, ignored: 0, refused: 0 },
      failures: new Map(),
      studies: new Set(),
    };
  }

  get state(): RunState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    void this.#fill();
  }

  pause(): void {
    this.#change({ phase: "paused" });
    for (const { abort } of this.#flying.values()) abort.abort();
  }

  resume(): void {
    this.#change({ phase: "running" });
    void this.#fill();
  }

  retryFailed(): void {
    const sources = [...this.#state.failures.values()].flat();
    for (const source of sources) this.#waiting.push({ source, n: this.#next++ });
    const refused = Math.max(0, this.#state.outcomes.refused - sources.length);
    this.#change({
      phase: "running",
      failures: new Map(),
      done: this.#state.done - sources.length,
      outcomes: { ...this.#state.outcomes, refused },
    });
    void this.#fill();
  }

  stop(): void {
    this.#waiting.length = 0;
    this.pause();
    this.#change({ phase: "done" });
  }

  async #fill(): Promise<void> {
    if (this.#state.phase !== "running") return;
    if (this.#id === undefined) {
      try {
        this.#id = (await ask("/api/uploads", Begun, { body: {} })).id;
      } catch {
        this.#goOffline();
        return;
      }
    }
    while (this.#flying.size < AT_ONCE && this.#waiting.length > 0) {
      const next = this.#waiting.shift();
      if (next) void this.#send(this.#id, next);
    }
    if (this.#flying.size === 0 && this.#waiting.length === 0) this.#change({ phase: "done" });
  }

  async #send(id: string, item: { source: Source; n: number }): Promise<void> {
    const abort = new AbortController();
    const flight = { abort, loaded: 0 };
    this.#flying.set(item.n, flight);
    const sent = await put(`/api/uploads/${id}/files/${item.n}`, item.source, abort.signal, (loaded) => {
      flight.loaded = loaded;
      this.#measure();
    });
    this.#flying.delete(item.n);
    this.#settle(item, sent);
    void this.#fill();
  }

  #settle(item: { source: Source; n: number }, sent: Sent): void {
    switch (sent.is) {
      case "aborted":
        this.#waiting.unshift(item);
        return;
      case "unreachable":
        this.#waiting.unshift(item);
        this.#goOffline();
        return;
      case "failed":
        this.#fail(item.source, sent.code);
        break;
      case "answered":
        this.#count(item.source, sent.files);
    }
    this.#change({ done: this.#state.done + 1, sentBytes: this.#state.sentBytes + item.source.size });
  }

  #count(source: Source, files: readonly UploadedFile[]): void {
    const outcomes = { ...this.#state.outcomes };
    const studies = new Set(this.#state.studies);
    for (const file of files) {
      outcomes[file.outcome]++;
      if (file.studyId) studies.add(file.studyId);
      if (file.outcome === "refused") this.#remember(source, file.code ?? "other");
    }
    if (studies.size > this.#state.studies.size) this.#onStudy();
    this.#change({ outcomes, studies });
  }

  #fail(source: Source, code: string): void {
    this.#remember(source, code);
    this.#change({ outcomes: { ...this.#state.outcomes, refused: this.#state.outcomes.refused + 1 } });
  }

  #remember(source: Source, code: string): void {
    const failures = new Map(this.#state.failures);
    failures.set(code, [...(failures.get(code) ?? []), source]);
    this.#change({ failures });
  }

  #goOffline(): void {
    if (this.#state.phase !== "running") return;
    this.#change({ phase: "offline" });
    setTimeout(() => {
      if (this.#state.phase === "offline") this.resume();
    }, RETRY_OFFLINE_MS);
  }

  #measure(): void {
    const flying = [...this.#flying.values()].reduce((sum, { loaded }) => sum + loaded, 0);
    const seconds = (Date.now() - this.#startedAt) / 1000;
    this.#change({ bytesPerSecond: seconds > 0.5 ? (this.#state.sentBytes + flying) / seconds : 0 });
  }

  #change(part: Partial<RunState>): void {
    this.#state = { ...this.#state, ...part };
    for (const listener of this.#listeners) listener();
  }
}
