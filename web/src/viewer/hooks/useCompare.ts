import { useCallback, useState } from "react";
import type { StudyDetail } from "#contract/studies.ts";
import { counterpart } from "../model/hang.ts";
import { isEarlier, priorFor } from "../model/prior.ts";
import type { Action } from "../model/reduce.ts";
import { activePane, infoOf, type ViewerState } from "../model/state.ts";
import type { StudySeries } from "./useSeries.ts";

type Compare = { readonly possible: boolean; readonly opening: boolean; readonly start: () => void };

/** One click to the prior: the newest earlier study of the same kind that may be seen, its most alike series, linked. */
export function useCompare(
  detail: StudyDetail,
  source: StudySeries,
  state: ViewerState,
  dispatch: (action: Action) => void,
): Compare {
  const [opening, setOpening] = useState(false);
  const seeable = detail.priorStudies
    .map(({ id }) => source.priors.get(id))
    .filter((prior): prior is StudyDetail => prior?.can.view.allowed === true)
    .filter((prior) => isEarlier(prior, detail));
  const start = useCallback(() => {
    const pane = activePane(state);
    const info = infoOf(state, pane);
    const mine = info?.study === detail.id ? info : undefined;
    const row = detail.series.find(({ seriesUid }) => seriesUid === (mine?.series ?? detail.series[0]?.seriesUid));
    const stack = mine
      ? pane.stack
      : Object.keys(state.stacks).find((key) => state.stacks[key]?.series === row?.seriesUid);
    const prior = row && priorFor(detail, row, seeable);
    const target = row && prior && counterpart(row, prior.series);
    if (!stack || !prior || !target) return;
    setOpening(true);
    void source
      .read(prior, target)
      .then(
        ([first]) => {
          if (!first) return;
          dispatch({ type: "stacks", stacks: { [first.key]: first.info } });
          dispatch({ type: "compare", stack, prior: first.key });
        },
        () => {},
      )
      .finally(() => setOpening(false));
  }, [state, detail, source, dispatch, seeable]);
  return { possible: seeable.length > 0, opening, start };
}
