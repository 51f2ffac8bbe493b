import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { ViewerContext } from "./context.ts";
import type { Stack } from "./dicom/stack.ts";
import type { Engine, Marking } from "./engine/engine.ts";
import { commandsFor } from "./model/commands.ts";
import type { Command } from "./model/keys.ts";
import { gridOf } from "./model/layout.ts";
import { choicesFor } from "./model/presets.ts";
import { railOf } from "./model/rail.ts";
import { reduce } from "./model/reduce.ts";
import { activePane, startState } from "./model/state.ts";
import { AskText } from "./parts/AskText.tsx";
import { HelpSheet } from "./parts/HelpSheet.tsx";
import { PaneFrame } from "./parts/Pane.tsx";
import { Rail, type Tile } from "./parts/Rail.tsx";
import { BackLink, TopBar } from "./parts/TopBar.tsx";
import { View } from "./parts/View.tsx";
import type { Item } from "./source/series.ts";
import { useStudySeries } from "./source/useSeries.ts";
import { useCompare } from "./useCompare.ts";
import { useHanging } from "./useHanging.ts";
import { useKeymap, useKeys } from "./useKeys.ts";
import styles from "./ViewerPage.module.css";

const TagBrowser = lazy(() => import("./parts/TagBrowser.tsx").then((module) => ({ default: module.TagBrowser })));

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
  const [keymap, setKeymap] = useKeymap();
  const touched = useHanging(detail, source, dispatch);
  const compare = useCompare(detail, source, state, dispatch);
  const progress = useProgress(engine);
  const markings = useMarkings(engine);
  const ask = useAskText(engine);
  useEngineState(engine, state.tool, state.markings);
  useLookAhead(engine, source.items, state.panes);

  const pane = activePane(state);
  const item = pane.stack === undefined ? undefined : source.items.get(pane.stack);
  const frame = item && "stack" in item ? item.stack.frames[pane.index] : undefined;
  const instance = frame?.instance ?? (item && "document" in item ? item.document.instance : undefined);
  const choices = useMemo(
    () => choicesFor(frame?.units ?? "", frame?.photometric.startsWith("MONOCHROME") ? frame.windows : []),
    [frame?.units, frame?.photometric, frame?.windows],
  );
  const groups = useMemo(() => railOf(detail, source), [detail, source]);

  const open = useCallback(
    (tile: Tile, studyId: string) => {
      touched();
      if (tile.stack !== undefined) return dispatch({ type: "open", stack: tile.stack });
      const study = studyId === detail.id ? detail : source.priors.get(studyId);
      const row = study?.series.find(({ seriesUid }) => seriesUid === tile.series);
      if (!study || !row) return;
      void source.read(study, row).then(
        ([first]) => first && openItem(first),
        () => {},
      );
      function openItem({ key, info }: Item) {
        dispatch({ type: "stacks", stacks: { [key]: info } });
        dispatch({ type: "open", stack: key });
      }
    },
    [detail, source, touched],
  );

  const goTo = useCallback(
    (sop: string, frameNumber = 1): boolean => {
      for (const { key, ...held } of source.items.values()) {
        if (!("stack" in held)) continue;
        const index = held.stack.frames.findIndex(
          (one) => one.sop === sop && (one.of === 1 || one.number === frameNumber),
        );
        if (index < 0) continue;
        touched();
        const beside = item !== undefined && "document" in item;
        if (beside && state.layout === "1x1") dispatch({ type: "layout", layout: "1x2" });
        dispatch({ type: "open", stack: key, index, ...(beside ? { pane: state.active === 0 ? 1 : 0 } : {}) });
        return true;
      }
      return false;
    },
    [source.items, item, state.layout, state.active, touched],
  );

  const tiles = groups[0]?.tiles ?? [];
  const run = commandsFor({
    state,
    dispatch,
    choices,
    stacks: tiles.flatMap(({ stack }) => (stack === undefined ? [] : [stack])),
    onDelete: () => engine.deleteMarking(),
    onCompare: compare.start,
    onSheet: setSheet,
    onClose: () => {
      setSheet(undefined);
      setAlone(undefined);
    },
  });
  const runTouched = (command: Command) => {
    touched();
    if (command.startsWith("layout.") || command === "compare") setAlone(undefined);
    run(command);
  };
  useKeys(keymap, runTouched);

  const shown = gridOf(state.layout).count;
  const visible = alone === undefined || alone >= shown ? Array.from({ length: shown }, (_, at) => at) : [alone];
  const handle = useMemo(
    () => ({
      markings,
      goTo,
      here: frame && {
        image: pane.index + 1,
        sop: frame.sop,
        frame: frame.number,
        series: pane.stack?.split("/")[0] ?? "",
      },
    }),
    [markings, goTo, frame, pane.index, pane.stack],
  );
  return (
    <ViewerContext value={handle}>
      <main className={styles.page}>
        <TopBar
          study={detail}
          state={state}
          keymap={keymap}
          choices={choices}
          playing={pane.cine.playing}
          canPlay={(pane.stack === undefined ? 0 : (state.stacks[pane.stack]?.count ?? 0)) > 1}
          canCompare={compare.possible}
          comparing={compare.opening}
          do={runTouched}
          back={<BackLink onBack={onBack} />}
        >
          {actions}
        </TopBar>
        <Rail groups={groups} state={state} onOpen={open} />
        <div className={styles.views} data-layout={visible.length === 1 ? "1x1" : state.layout}>
          {visible.map((at) => (
            <PaneFrame
              key={at}
              active={at === state.active && visible.length > 1}
              label={t("pane.label", { number: at + 1 })}
              onActivate={() => dispatch({ type: "activate", pane: at })}
              onDrop={(stack) => {
                touched();
                dispatch({ type: "open", stack, pane: at });
              }}
              onDouble={() => shown > 1 && setAlone(alone === undefined ? at : undefined)}
            >
              <View
                engine={engine}
                at={at}
                state={state}
                detail={detail}
                source={source}
                progress={progress}
                dispatch={dispatch}
                goTo={goTo}
                onTags={() => setSheet("tags")}
                onGone={onGone}
              />
            </PaneFrame>
          ))}
          {sheet === "help" && <HelpSheet keymap={keymap} onKeymap={setKeymap} onClose={() => setSheet(undefined)} />}
          {sheet === "tags" && instance && (
            <Suspense>
              <TagBrowser
                instance={instance}
                title={t("tags.instance", { number: frame?.instanceNumber ?? pane.index + 1 })}
                onClose={() => setSheet(undefined)}
              />
            </Suspense>
          )}
          {ask.asking && <AskText held={ask.asking.held} onDone={ask.asking.done} />}
        </div>
        {report !== undefined && report !== null && <aside className={styles.report}>{report}</aside>}
      </main>
    </ViewerContext>
  );
}

const coarse = (): boolean => matchMedia("(pointer: coarse)").matches;

/** Rises, at most ten times a second, whenever images have come. */
function useProgress(engine: Engine): number {
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

function useMarkings(engine: Engine): readonly Marking[] {
  const [markings, setMarkings] = useState<readonly Marking[]>([]);
  useEffect(() => engine.onMarkings(setMarkings), [engine]);
  return markings;
}

function useEngineState(engine: Engine, tool: Parameters<Engine["setTool"]>[0], markings: boolean): void {
  useEffect(() => engine.setTool(tool), [engine, tool]);
  useEffect(() => engine.showMarkings(markings), [engine, markings]);
}

/** What is loaded next follows what is shown, a moment after it settles. */
function useLookAhead(engine: Engine, items: ReadonlyMap<string, Item>, panes: unknown): void {
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
function useAskText(engine: Engine): { readonly asking: Asking | undefined } {
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
