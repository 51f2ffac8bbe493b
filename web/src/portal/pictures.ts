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
    for (const coming of this.#kept.values()) void coming.then(URL.revokeObjectURL, () => {});
    this.#kept.clear();
  }

  #shrink(): void {
    for (const [url, coming] of this.#kept) {
      if (this.#kept.size <= KEPT) return;
      this.#kept.delete(url);
      void coming.then(URL.revokeObjectURL, () => {});
    }
  }
}

export type Shown = { src: string | undefined; waiting: boolean; problem: "closed" | "budget" | "failed" | undefined };

/** The picture at this address; the one before stays in sight until it is there. The next ones are fetched ahead. */
export function usePicture(url: string | undefined, ahead: readonly string[]): Shown {
  const box = useRef<PictureBox>(undefined);
  const [shown, setShown] = useState<Shown>({ src: undefined, waiting: true, problem: undefined });
  useEffect(() => {
    const mine = new PictureBox();
    box.current = mine;
    return () => mine.close();
  }, []);
  useEffect(() => {
    const mine = box.current;
    if (!url || !mine) return;
    let passed = false;
    setShown((before) => ({ ...before, waiting: true }));
    mine.get(url).then(
      (src) => {
        if (passed) return;
        setShown({ src, waiting: false, problem: undefined });
        for (const next of ahead) if (!mine.has(next)) mine.get(next).catch(() => {});
      },
      (thrown: unknown) => {
        if (!passed && !mine.has(url)) setShown({ src: undefined, waiting: false, problem: problemOf(thrown) });
      },
    );
    return () => {
      passed = true;
    };
  }, [url, ahead]);
  return shown;
}

function problemOf(thrown: unknown): "closed" | "budget" | "failed" {
  if (!(thrown instanceof Refused)) return "failed";
  if (thrown.status === 429) return "budget";
  return thrown.code === "link.closed" || thrown.status === 401 ? "closed" : "failed";
}
