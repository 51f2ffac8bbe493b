import { useCallback, useEffect, useRef, useState } from "react";
import type { StudyDetail } from "#contract/studies.ts";
import type { Stack } from "../dicom/stack.ts";
import type { About, Engine, EnginePane, Geometry } from "../engine/engine.ts";
import type { Action } from "../model/reduce.ts";
import type { Pane as PaneState, StackInfo } from "../model/state.ts";
import type { Trouble } from "../source/wire.ts";
import { Cine } from "./Cine.tsx";
import { Notice } from "./Notice.tsx";
import { Overlay } from "./Overlay.tsx";
import styles from "./Pane.module.css";
import { Track } from "./Track.tsx";

type Props = {
  readonly engine: Engine;
  readonly at: number;
  readonly pane: PaneState;
  readonly stack: Stack;
  readonly info: StackInfo;
  readonly study: Pick<StudyDetail, "patientName" | "patientId" | "description" | "studyDate"> | undefined;
  readonly series: string;
  readonly when: "now" | "before" | "after";
  readonly linked: boolean;
  readonly overlays: boolean;
  readonly seen: readonly number[];
  /** Rises whenever more images have come. */
  readonly progress: number;
  readonly dispatch: (action: Action) => void;
  readonly onGone: () => void;
};

type OnScreen = { readonly stack: string; readonly index: number; readonly about: About };
type Failure = { readonly stack: string; readonly index: number; readonly trouble: Trouble };

/** One viewport: the engine's canvas with our texts on it. It shows the image it names, or none. */
export function Pane(props: Props) {
  const { engine, at, pane, stack, info, linked, overlays, seen, progress, dispatch } = props;
  const { host, view, screen, failure, geometry, retry } = useEnginePane(props);
  const shown = screen?.stack === stack.key ? screen : undefined;
  const failed = failure?.stack === stack.key && failure.index === pane.index ? failure : undefined;
  const frame = shown && stack.frames[shown.index];
  const loaded = useLoaded(engine, stack, progress);
  const fps = pane.cine.fps ?? info.fps ?? 15;
  const showCine = info.count > 1 && (pane.cine.playing || pane.cine.fps !== undefined);
  return (
    <>
      <div
        ref={host}
        className={styles.canvas}
        data-shown={shown !== undefined && !failed}
        data-image={frame && `${frame.sop}/${frame.number}`}
      />
      {!shown && !failed && (
        <>
          <Preview key={stack.key} url={stack.frames[pane.index]?.url} />
          <Notice spinning />
        </>
      )}
      {failed && <Notice trouble={failed.trouble} onRetry={retry} />}
      {frame && !failed && overlays && (
        <Overlay
          study={props.study}
          when={props.when}
          linked={linked}
          frame={frame}
          index={shown.index}
          waitingFor={shown.index === pane.index || loaded[pane.index] ? undefined : pane.index}
          count={info.count}
          series={props.series}
          place={info.places[shown.index]}
          view={view}
          about={shown.about}
          geometry={geometry}
        />
      )}
      {info.count > 1 && (
        <Track
          count={info.count}
          index={pane.index}
          seen={seen}
          loaded={loaded}
          onGo={(index) => dispatch({ type: "goto", index, pane: at })}
        />
      )}
      {showCine && (
        <Cine
          playing={pane.cine.playing}
          fps={fps}
          ready={() => engine.isLoaded(stack, (pane.index + 1) % info.count) && shown?.index === pane.index}
          onNext={() => dispatch({ type: "scroll", by: 1, pane: at, loop: true })}
          onPlay={() => dispatch({ type: "cine", pane: at })}
          onSpeed={(next) => dispatch({ type: "cine", fps: next, pane: at })}
        />
      )}
    </>
  );
}

/** On a good line the image is there before anything else could be. */
const SLOW_MS = 250;

/** Something to see on a poor line until the image is there: small, blurred, not to be read. */
function Preview({ url }: { url: string | undefined }) {
  const [failed, setFailed] = useState(false);
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  if (url === undefined || failed || !slow) return null;
  return (
    <img className={styles.preview} src={`${url}/thumbnail`} alt="" draggable={false} onError={() => setFailed(true)} />
  );
}

/** Opens the engine's viewport on our element, feeds it the state and hears what it says. */
function useEnginePane({ engine, at, pane, stack, dispatch, onGone }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const opened = useRef<EnginePane | undefined>(undefined);
  const [screen, setScreen] = useState<OnScreen>();
  const [failure, setFailure] = useState<Failure>();
  const [geometry, setGeometry] = useState<Geometry>();
  const current = useRef({ stack, dispatch, onGone });
  useEffect(() => {
    current.current = { stack, dispatch, onGone };
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const say = () => current.current;
    const held = engine.openPane(`pane-${at}-${Math.random().toString(36).slice(2)}`, element, {
      onShown: (index, about) => {
        const { key } = say().stack;
        setFailure(undefined);
        setScreen({ stack: key, index, about });
        say().dispatch({ type: "seen", stack: key, index });
      },
      onFailed: (index, trouble) => {
        if (trouble.kind === "gone") say().onGone();
        setFailure({ stack: say().stack.key, index, trouble });
      },
      onView: (view) => say().dispatch({ type: "view", view, pane: at }),
      onIndex: (index) => say().dispatch({ type: "goto", index, pane: at }),
      onGeometry: setGeometry,
    });
    opened.current = held;
    return () => {
      opened.current = undefined;
      engine.closePane(held);
    };
  }, [engine, at]);

  const { index, view } = pane;
  useEffect(() => opened.current?.show(stack, index, view), [stack, index, view]);
  useWheel(host, (by) => current.current.dispatch({ type: "scroll", by, pane: at }));

  const retry = useCallback(() => {
    setFailure(undefined);
    opened.current?.retry();
  }, []);
  return { host, view, screen, failure, geometry, retry };
}

/** The wheel scrolls: a notch is an image, a trackpad's small steps add up. */
function useWheel(host: React.RefObject<HTMLDivElement | null>, onScroll: (by: number) => void): void {
  const call = useRef(onScroll);
  useEffect(() => {
    call.current = onScroll;
  });
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let rest = 0;
    const heard = (event: WheelEvent) => {
      event.preventDefault();
      const steps = stepsOf(event, rest);
      rest = steps.rest;
      if (steps.whole !== 0) call.current(steps.whole);
    };
    element.addEventListener("wheel", heard, { passive: false });
    return () => element.removeEventListener("wheel", heard);
  }, [host]);
}

/** A wheel's notch is one image whatever the system scrolls by; a trackpad's pixels add up to images. */
function stepsOf({ deltaY, deltaMode, shiftKey }: WheelEvent, rest: number): { whole: number; rest: number } {
  const notch = deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(deltaY) >= 50;
  if (notch) return { whole: Math.sign(deltaY) * (shiftKey ? 5 : 1), rest: 0 };
  const sum = Math.sign(deltaY) === Math.sign(rest) ? rest + deltaY / 24 : deltaY / 24;
  return { whole: Math.trunc(sum), rest: sum - Math.trunc(sum) };
}

function useLoaded(engine: Engine, stack: Stack, progress: number): readonly boolean[] {
  const [loaded, setLoaded] = useState<readonly boolean[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: progress says that the answer has changed
  useEffect(() => setLoaded(engine.loaded(stack)), [engine, stack, progress]);
  return loaded;
}
