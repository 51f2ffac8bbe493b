import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Stack } from "../dicom/stack.ts";
import type { Engine, Marking } from "../engine/engine.ts";
import type { Tool } from "../model/state.ts";
import type { Item } from "../source/series.ts";

/** Rises, at most ten times a second, whenever images have come. */
export function useProgress(engine: Engine): number {
  const [progress, setProgress] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = engine.onLoaded(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setProgress((held) => held + 1);
      }, 100);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [engine]);
  return progress;
}

/** What is measured on the images, as it changes. */
export function useMarkings(engine: Engine): readonly Marking[] {
  const [markings, setMarkings] = useState<readonly Marking[]>([]);
  useEffect(() => engine.onMarkings(setMarkings), [engine]);
  return markings;
}

/** The engine follows the state in what is not of one viewport. */
export function useEngineState(engine: Engine, tool: Tool, markings: boolean): void {
  useEffect(() => engine.setTool(tool), [engine, tool]);
  useEffect(() => engine.showMarkings(markings), [engine, markings]);
}

/** What is loaded next follows what is shown, a moment after it settles. */
export function useLookAhead(engine: Engine, items: ReadonlyMap<string, Item>, panes: unknown): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the panes say that it may have changed
  useEffect(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const stacks: Stack[] = [];
      for (const item of items.values()) if ("stack" in item) stacks.push(item.stack);
      engine.lookAhead(stacks);
    }, 30);
    return () => clearTimeout(timer.current);
  }, [engine, items, panes]);
}

type Asking = { readonly held: string; readonly done: (text: string | undefined) => void };

/** Lets the engine ask for an arrow's text, and gives it the words of its measurements. */
export function useAskText(engine: Engine): { readonly asking: Asking | undefined } {
  const { t, i18n } = useTranslation("viewer");
  const [asking, setAsking] = useState<Asking>();
  useEffect(() => {
    const number = (value: number, digits: number) =>
      new Intl.NumberFormat(i18n.language, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        useGrouping: false,
      }).format(value);
    engine.setWords(
      {
        mean: t("measure.mean"),
        deviation: t("measure.deviation"),
        least: t("measure.least"),
        most: t("measure.most"),
        area: t("measure.area"),
        atDetector: t("measure.atDetector"),
        number,
      },
      (held) =>
        new Promise((resolve) => {
          setAsking({
            held,
            done: (text) => {
              setAsking(undefined);
              resolve(text);
            },
          });
        }),
    );
  }, [engine, t, i18n.language]);
  return { asking };
}
