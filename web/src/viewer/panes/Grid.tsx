import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import type { Engine } from "../engine/engine.ts";
import type { StudySeries } from "../hooks/useSeries.ts";
import { gridOf } from "../model/layout.ts";
import type { Action } from "../model/reduce.ts";
import type { ViewerState } from "../model/state.ts";
import { PaneFrame } from "./PaneFrame.tsx";
import { View } from "./View.tsx";

type Props = {
  readonly engine: Engine;
  readonly state: ViewerState;
  readonly detail: StudyDetail;
  readonly source: StudySeries;
  readonly progress: number;
  /** The one viewport that has the whole room for now. */
  readonly alone: number | undefined;
  readonly onAlone: (pane: number | undefined) => void;
  readonly dispatch: (action: Action) => void;
  readonly openStack: (stack: string, pane: number) => void;
  readonly goTo: (sop: string, frame?: number) => boolean;
  readonly onTags: () => void;
  readonly onGone: () => void;
};

/** The panes that the layout shows, or the one that was enlarged. */
export function visibleOf({ layout }: ViewerState, alone: number | undefined): readonly number[] {
  const { count } = gridOf(layout);
  return alone !== undefined && alone < count ? [alone] : Array.from({ length: count }, (_, at) => at);
}

export function Grid(props: Props) {
  const { state, alone, onAlone, dispatch, openStack } = props;
  const { t } = useTranslation("viewer");
  const visible = visibleOf(state, alone);
  return visible.map((at) => (
    <PaneFrame
      key={at}
      active={at === state.active && visible.length > 1}
      label={t("pane.label", { number: at + 1 })}
      onActivate={() => dispatch({ type: "activate", pane: at })}
      onDrop={(stack) => openStack(stack, at)}
      onDouble={() => {
        if (gridOf(state.layout).count > 1) onAlone(alone === undefined ? at : undefined);
      }}
    >
      <View {...props} at={at} />
    </PaneFrame>
  ));
}
