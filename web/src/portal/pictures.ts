import { useEffect, useRef, useState } from "react";
import { Refused } from "../api.ts";
import { picture } from "./client.ts";

/** Where pictures come from: the link's own routes, or the staff's thumbnails in a preview. */
export type Pictures = {
  thumbnail: (instance: string) => string;
  frame: (instance: string, frame: number, window: string) => string;
  page: (instance: string, page: number) => string;
};

export type Position = { instance: string; frame: number; kind: "image" | "document"; cine: number | null };

const KEPT = 96;
const drop = (url: string) => URL.revokeObjectURL(url);

/** Keeps the last pictures in memory only, and fetches each address once at a time. */
export class PictureBox {
  readonly #kept = new Map<string, Promise<string>>();
  readonly #abort = new AbortController();

  get(url: string): Promise<string> {
    const known = this.#kept.get(url);
    if (known) {
      this.#kept.delete(url); // to the end: used last
      this.#kept.set(url, known);
      return known;
    }
    const coming = picture(url, this.#abort.signal);
    this.#kept.set(url, coming);
    coming.catch(() => this.#kept.delete(url));
    this.#shrink();
    return coming;
  }

  has(url: string): boolean {
    return this.#kept.has(url);
  }

  close(): void {
    this.#abort.abort();
    for (const coming of this.#kept.values()) void coming.then(drop, () => {});
    this.#kept.clear();
  }

  #shrink(): void {
    for (const [url, coming] of this.#kept) {
      if (this.#kept.size <= KEPT) return;
      this.#kept.delete(url);
      void coming.then(drop, () => {});
    }
  }
}

type Problem = "closed" | "budget" | "failed";
type Held = { series: number; url: string; src: string | undefined; problem: Problem | undefined };
export type Shown = { src: string | undefined; waiting: boolean; problem: Problem | undefined };

/**
 * The picture at this address. The one before stays in sight until it is there, within one series only: no picture ever
 * stands under another series' name. The next ones (addresses, a line each) are fetched ahead.
 */
export function usePicture(url: string | undefined, series: number, ahead: string): Shown {
  const box = useRef<PictureBox>(undefined);
  const [held, setHeld] = useState<Held>();
  useEffect(() => {
    const mine = new PictureBox();
    box.current = mine;
    return () => mine.close();
  }, []);
  useEffect(() => {
    const mine = box.current;
    if (!url || !mine) return;
    let passed = false;
    mine.get(url).then(
      (src) => {
        if (passed) return;
        setHeld({ series, url, src, problem: undefined });
        for (const next of ahead.split("\n")) if (next && !mine.has(next)) mine.get(next).catch(() => {});
      },
      (thrown: unknown) => {
        if (!passed && !mine.has(url)) setHeld({ series, url, src: undefined, problem: problemOf(thrown) });
      },
    );
    return () => {
      passed = true;
    };
  }, [url, series, ahead]);
  if (!held || held.series !== series) return { src: undefined, waiting: url !== undefined, problem: undefined };
  const here = held.url === url;
  return { src: held.src, waiting: !here, problem: here ? held.problem : undefined };
}

function problemOf(thrown: unknown): Problem {
  if (!(thrown instanceof Refused)) return "failed";
  if (thrown.status === 429) return "budget";
  return thrown.code === "link.closed" || thrown.status === 401 ? "closed" : "failed";
}
