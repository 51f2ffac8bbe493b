import { lazy, type ReactNode, Suspense, useMemo, useReducer, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { Rail } from "./bar/Rail.tsx";
import { BackLink, TopBar } from "./bar/TopBar.tsx";
import { ViewerContext } from "./context.ts";
import type { Engine } from "./engine/engine.ts";
import { railOf } from "./hooks/rail.ts";
import { useCompare } from "./hooks/useCompare.ts";
import { useAskText, useEngineState, useLookAhead, useMarkings, useProgress } from "./hooks/useEngine.ts";
import { useHanging } from "./hooks/useHanging.ts";
import { useKeptMarkings } from "./hooks/useKeptMarkings.ts";
import { useKeymap, useKeys } from "./hooks/useKeys.ts";
import { useOpening } from "./hooks/useOpening.ts";
import { type StudySeries, useStudySeries } from "./hooks/useSeries.ts";
import { commandsFor } from "./model/commands.ts";
import type { Command } from "./model/keys.ts";
import { choicesFor } from "./model/presets.ts";
import { reduce } from "./model/reduce.ts";
import { activePane, startState, type ViewerState } from "./model/state.ts";
import { Grid, visibleOf } from "./panes/Grid.tsx";
import { AskText } from "./sheets/AskText.tsx";
import { HelpSheet } from "./sheets/HelpSheet.tsx";
import styles from "./ViewerPage.module.css";

const TagBrowser = lazy(() => import("./sheets/TagBrowser.tsx").then((module) => ({ default: module.TagBrowser })));

type Props = {
  readonly engine: Engine;
  readonly detail: StudyDetail;
  readonly report: ReactNode;
  readonly actions: ReactNode;
  readonly onBack: () => void;
  readonly onGone: () => void;
};

/** The viewer proper: state in one place, the engine behind its door, everything else drawn from the state. */
export function Viewer({ engine, detail, report, actions, onBack, onGone }: Props) {
  const { t } = useTranslation("viewer");
  const [state, dispatch] = useReducer(reduce, undefined, () => startState(coarse() ? "scroll" : "window"));
  const source = useStudySeries(detail, onGone);
  const [sheet, setSheet] = useState<"tags" | "help">();
  const [alone, setAlone] = useState<number>();
  const [reading, setReading] = useState(false);
  const { keymap, own, choose } = useKeymap();
  const touched = useHanging(detail, source, dispatch);
  const compare = useCompare(detail, source, state, dispatch);
  const progress = useProgress(engine);
  const markings = useMarkings(engine);
  const { asking } = useAskText(engine);
  useEngineState(engine, state.tool, state.markings);
  useKeptMarkings(engine, detail, source, state.markings);
  useLookAhead(engine, source.items, state.panes);

  const { pane, item, frame, instance } = activeOf(state, source);
  const { openTile, openStack, goTo } = useOpening(detail, source, state, item, dispatch, touched);
  const choices = useMemo(
    () => choicesFor(frame?.units ?? "", frame?.photometric.startsWith("MONOCHROME") ? frame.windows : []),
    [frame?.units, frame?.photometric, frame?.windows],
  );
  const groups = useMemo(() => railOf(detail, source), [detail, source]);

  const run = (command: Command) => {
    touched();
    if (command.startsWith("layout.") || command === "compare" || command === "close") setAlone(undefined);
    commandsFor({
      state,
      dispatch,
      choices,
      stacks: (groups[0]?.tiles ?? []).flatMap(({ stack }) => (stack === undefined ? [] : [stack])),
      onDelete: () => engine.deleteMarking(),
      onCompare: compare.start,
      onSheet: setSheet,
    })(command);
  };
  useKeys(keymap, run);

  const handle = useMemo(() => {
    const here = frame && { image: pane.index + 1, sop: frame.sop, frame: frame.number };
    return { markings, goTo, here };
  }, [markings, goTo, frame, pane.index]);
  return (
    <ViewerContext value={handle}>
      <main className={styles.page}>
        <TopBar
          study={detail}
          state={state}
          keymap={keymap}
          choices={choices}
          playing={pane.cine.playing}
          canPlay={(item?.info.count ?? 0) > 1}
          canCompare={compare.possible}
          comparing={compare.opening}
          do={run}
          back={<BackLink onBack={onBack} />}
        >
          {actions}
        </TopBar>
        <Rail groups={groups} state={state} onOpen={openTile} />
        <div className={styles.views} data-layout={visibleOf(state, alone).length === 1 ? "1x1" : state.layout}>
          <Grid
            {...{ engine, state, detail, source, progress, alone, dispatch, openStack, goTo, onGone }}
            onAlone={setAlone}
            onTags={() => setSheet("tags")}
          />
          {sheet === "help" && <HelpSheet own={own} onKeys={choose} onClose={() => setSheet(undefined)} />}
          {sheet === "tags" && instance && (
            <Suspense>
              <TagBrowser
                instance={instance}
                title={t("tags.instance", { number: frame?.instanceNumber ?? pane.index + 1 })}
                onClose={() => setSheet(undefined)}
              />
            </Suspense>
          )}
          {asking && <AskText held={asking.held} onDone={asking.done} />}
        </div>
        {report !== undefined && report !== null && (
          <>
            <button
              type="button"
              className={styles.reportDoor}
              aria-expanded={reading}
              onClick={() => setReading(!reading)}
            >
              {t(reading ? "report.images" : "report.open")}
            </button>
            <aside className={styles.report} data-reading={reading}>
              {report}
            </aside>
          </>
        )}
      </main>
    </ViewerContext>
  );
}

const coarse = (): boolean => matchMedia("(pointer: coarse)").matches;

/** What the active viewport shows. */
function activeOf(state: ViewerState, { items }: StudySeries) {
  const pane = activePane(state);
  const item = pane.stack === undefined ? undefined : items.get(pane.stack);
  const frame = item && "stack" in item ? item.stack.frames[pane.index] : undefined;
  const instance = frame?.instance ?? (item && "document" in item ? item.document.instance : undefined);
  return { pane, item, frame, instance };
}
