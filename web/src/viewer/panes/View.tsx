import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { Document } from "../documents/Document.tsx";
import type { Engine } from "../engine/engine.ts";
import type { StudySeries } from "../hooks/useSeries.ts";
import type { Action } from "../model/reduce.ts";
import { infoOf, type ViewerState } from "../model/state.ts";
import { Notice } from "./Notice.tsx";
import { Pane } from "./Pane.tsx";

type Props = {
  readonly engine: Engine;
  readonly at: number;
  readonly state: ViewerState;
  readonly detail: StudyDetail;
  readonly source: StudySeries;
  readonly progress: number;
  readonly dispatch: (action: Action) => void;
  readonly goTo: (sop: string, frame?: number) => boolean;
  readonly onTags: () => void;
  readonly onGone: () => void;
};

const NOTHING_SEEN: readonly number[] = [];

/** What a viewport holds: a picture, a document, or nothing yet. */
export function View({ engine, at, state, detail, source, progress, dispatch, goTo, onTags, onGone }: Props) {
  const { t } = useTranslation("viewer");
  const pane = state.panes[at];
  const info = infoOf(state, pane);
  const item = pane?.stack === undefined ? undefined : source.items.get(pane.stack);
  if (!pane || !info || !item) {
    const failed = [...source.series.values()].every((series) => series === "failed");
    const opening = at === 0 && !(source.complete && failed);
    return (
      <Notice
        spinning={opening}
        {...(opening ? {} : { text: t(failed && at === 0 ? "pane.seriesFailed" : "pane.empty") })}
      />
    );
  }
  if ("document" in item) {
    const known = (sop: string) =>
      [...source.items.values()].some(
        (held) => "stack" in held && held.stack.frames.some((frame) => frame.sop === sop),
      );
    return (
      <Document
        document={item.document}
        opener={({ sop, frames }) => (known(sop) ? () => goTo(sop, frames[0]) : undefined)}
        onTags={onTags}
        onGone={onGone}
      />
    );
  }
  const study = info.study === detail.id ? detail : source.priors.get(info.study);
  const row = study?.series.find(({ seriesUid }) => seriesUid === info.series);
  return (
    <Pane
      engine={engine}
      at={at}
      pane={pane}
      stack={item.stack}
      info={info}
      study={study ?? undefined}
      series={row?.description ?? ""}
      when={info.study === detail.id ? "now" : (study?.studyDate ?? "") > detail.studyDate ? "after" : "before"}
      linked={state.link !== undefined}
      overlays={state.overlays}
      seen={state.seen[item.key] ?? NOTHING_SEEN}
      progress={progress}
      dispatch={dispatch}
      onGone={onGone}
    />
  );
}
