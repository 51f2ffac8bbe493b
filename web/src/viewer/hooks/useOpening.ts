import { useCallback } from "react";
import type { StudyDetail } from "#contract/studies.ts";
import type { Action } from "../model/reduce.ts";
import type { ViewerState } from "../model/state.ts";
import type { Item } from "../source/series.ts";
import type { Tile } from "./rail.ts";
import type { StudySeries } from "./useSeries.ts";

type Opening = {
  /** Opens what a tile of the rail stands for, reading its series first where that has not been done. */
  readonly openTile: (tile: Tile, studyId: string) => void;
  readonly openStack: (stack: string, pane: number) => void;
  /** Shows an image by its object and frame; false when this study holds none such. */
  readonly goTo: (sop: string, frame?: number) => boolean;
};

/** The ways in which a reader opens something. */
export function useOpening(
  detail: StudyDetail,
  source: StudySeries,
  state: ViewerState,
  item: Item | undefined,
  dispatch: (action: Action) => void,
  touched: () => void,
): Opening {
  const openTile = useCallback(
    (tile: Tile, studyId: string) => {
      touched();
      if (tile.stack !== undefined) return dispatch({ type: "open", stack: tile.stack });
      const study = studyId === detail.id ? detail : source.priors.get(studyId);
      const row = study?.series.find(({ seriesUid }) => seriesUid === tile.series);
      if (!study || !row) return;
      void source.read(study, row).then(
        ([first]) => {
          if (!first) return;
          dispatch({ type: "stacks", stacks: { [first.key]: first.info } });
          dispatch({ type: "open", stack: first.key });
        },
        () => {}, // the rail shows that it failed
      );
    },
    [detail, source, dispatch, touched],
  );
  const openStack = useCallback(
    (stack: string, pane: number) => {
      touched();
      dispatch({ type: "open", stack, pane });
    },
    [dispatch, touched],
  );
  const { items } = source;
  const { layout, active } = state;
  const goTo = useCallback(
    (sop: string, frame = 1): boolean => {
      const place = placeOf(items, sop, frame);
      if (!place) return false;
      touched();
      // What speaks of the image stays in sight beside it.
      const beside = item !== undefined && "document" in item;
      if (beside && layout === "1x1") dispatch({ type: "layout", layout: "1x2" });
      dispatch({ type: "open", ...place, ...(beside ? { pane: active === 0 ? 1 : 0 } : {}) });
      return true;
    },
    [items, item, layout, active, dispatch, touched],
  );
  return { openTile, openStack, goTo };
}

function placeOf(items: ReadonlyMap<string, Item>, sop: string, frame: number) {
  for (const item of items.values()) {
    if (!("stack" in item)) continue;
    const index = item.stack.frames.findIndex((one) => one.sop === sop && (one.of === 1 || one.number === frame));
    if (index >= 0) return { stack: item.key, index };
  }
  return undefined;
}
