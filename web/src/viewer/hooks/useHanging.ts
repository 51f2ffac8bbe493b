import { useCallback, useEffect, useRef } from "react";
import type { StudyDetail } from "#contract/studies.ts";
import { firstSeries, hang } from "../model/hang.ts";
import type { Action } from "../model/reduce.ts";
import type { StackInfo } from "../model/state.ts";
import { type StudySeries, seriesId } from "./useSeries.ts";

/**
 * Tells the state what was read, opens the first series as soon as it is there, and hangs projections side by side once all
 * are known, unless the reader has begun to arrange things. Answers how to say that.
 */
export function useHanging(detail: StudyDetail, source: StudySeries, dispatch: (action: Action) => void): () => void {
  const begun = useRef(false);
  const opened = useRef(false);
  const hung = useRef(false);
  const { items, series, complete } = source;
  useEffect(() => {
    const stacks: Record<string, StackInfo> = {};
    for (const { key, info } of items.values()) stacks[key] = info;
    dispatch({ type: "stacks", stacks });
    const first = firstSeries(detail.series);
    const state = first && series.get(seriesId(detail.id, first.seriesUid));
    const item = typeof state === "object" ? state.items[0] : undefined;
    const other = complete ? items.values().next().value : undefined;
    const start = item ?? other;
    if (!opened.current && !begun.current && start) {
      opened.current = true;
      dispatch({ type: "open", stack: start.key, pane: 0 });
    }
    if (complete && !hung.current && !begun.current) {
      hung.current = true;
      hangAll(detail, source, dispatch);
    }
  }, [detail, source, items, series, complete, dispatch]);
  return useCallback(() => {
    begun.current = true;
  }, []);
}

function hangAll(detail: StudyDetail, { items }: StudySeries, dispatch: (action: Action) => void): void {
  const stacks = [...items.values()].flatMap((item) => {
    const first = "stack" in item && item.info.study === detail.id ? item.stack.frames[0] : undefined;
    return first
      ? [{ key: item.key, modality: first.modality, laterality: first.laterality, view: first.viewPosition }]
      : [];
  });
  const plan = hang(stacks);
  if (!plan) return;
  dispatch({ type: "layout", layout: plan.layout });
  for (const [pane, stack] of plan.keys.entries()) dispatch({ type: "open", stack, pane });
  dispatch({ type: "activate", pane: 0 });
}
