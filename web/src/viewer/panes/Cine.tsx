import { IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Pane.module.css";

type Props = {
  readonly playing: boolean;
  readonly fps: number;
  /** Whether the next image can be shown at once: cine waits rather than skips. */
  readonly ready: () => boolean;
  readonly onNext: () => void;
  readonly onPlay: () => void;
  readonly onSpeed: (fps: number) => void;
};

/** The bar of a running loop, and its clock. */
export function Cine({ playing, fps, ready, onNext, onPlay, onSpeed }: Props) {
  const { t } = useTranslation("viewer");
  useBeat(playing, fps, ready, onNext);
  return (
    <div className={styles.cine} onPointerDown={(event) => event.stopPropagation()}>
      <button type="button" onClick={onPlay} aria-label={playing ? t("action.pause") : t("action.play")}>
        {playing ? <IconPlayerPauseFilled size={14} /> : <IconPlayerPlayFilled size={14} />}
      </button>
      <input
        type="range"
        min={1}
        max={60}
        value={fps}
        aria-label={t("action.speed")}
        onChange={(event) => onSpeed(Number(event.currentTarget.value))}
      />
      <output>{fps} fps</output>
    </div>
  );
}

/** Calls `onNext` as often as the rate asks, in step with the screen; late beats are not made up for. */
function useBeat(playing: boolean, fps: number, ready: () => boolean, onNext: () => void): void {
  const calls = useRef({ ready, onNext });
  useEffect(() => {
    calls.current = { ready, onNext };
  });
  useEffect(() => {
    if (!playing) return;
    let due = performance.now() + 1000 / fps;
    let handle = requestAnimationFrame(function beat(now) {
      handle = requestAnimationFrame(beat);
      if (now < due || !calls.current.ready()) return;
      due = Math.max(due + 1000 / fps, now);
      calls.current.onNext();
    });
    return () => cancelAnimationFrame(handle);
  }, [playing, fps]);
}
