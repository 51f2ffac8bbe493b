import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCine } from "./cine.ts";
import type { LinkStudy } from "./client.ts";
import { useGestures } from "./gestures.ts";
import { type Pictures, type Position, usePicture } from "./pictures.ts";
import { plainKind, positionsOf } from "./positions.ts";
import { SeriesStrip } from "./SeriesStrip.tsx";
import "./images.css";

type Props = {
  study: LinkStudy;
  start: { series: number; at: number };
  pictures: Pictures;
  onClose: () => void;
  onClosed: () => void;
};

/** Pictures on black: marked frames the server has drawn, one slider, nothing to learn. */
export function Images({ study, start, pictures, onClose, onClosed }: Props) {
  const { t } = useTranslation("portal");
  const dialog = useRef<HTMLDialogElement>(null);
  const [seriesAt, setSeriesAt] = useState(start.series);
  const [at, setAt] = useState(start.at);
  const [window, setWindow] = useState(study.windows[0]?.key ?? "");
  const series = study.series[seriesAt];
  const positions = useMemo(() => (series ? positionsOf(series) : []), [series]);
  const position = positions[Math.min(at, positions.length - 1)];
  const url = (one: Position | undefined) =>
    one &&
    (one.kind === "document"
      ? pictures.page(one.instance, one.frame)
      : pictures.frame(one.instance, one.frame, window));
  const here = url(position);
  const next = study.framesLeft < 60 ? [] : [1, 2, -1].flatMap((by) => url(positions[at + by]) ?? []);
  const shown = usePicture(here, seriesAt, next.join("\n"));
  const step = (by: number) => setAt((before) => Math.min(positions.length - 1, Math.max(0, before + by)));
  const gestures = useGestures(step, seriesAt);
  const cine = useCine(position, positions, shown.waiting, setAt);

  useEffect(() => {
    const shownDialog = dialog.current;
    shownDialog?.showModal();
    return () => shownDialog?.close();
  }, []);
  useEffect(() => {
    if (shown.problem === "closed") onClosed();
  }, [shown.problem, onClosed]);

  const onKey = (event: KeyboardEvent) => {
    const by = KEYS[event.key];
    if (by !== undefined && !(event.target instanceof HTMLInputElement))
      step(by === "first" ? -positions.length : by === "last" ? positions.length : by);
    else if (event.key === "+") gestures.zoomBy(1.25);
    else if (event.key === "-") gestures.zoomBy(0.8);
    else if (event.key === " " && cine.possible) cine.toggle();
    else return;
    event.preventDefault();
  };
  const choose = (next: number) => {
    setSeriesAt(next);
    setAt(0);
  };
  const { scale, x, y } = gestures.placement;
  const place = t(position?.kind === "document" ? "images.page" : "images.position", {
    at: Math.min(at, positions.length - 1) + 1,
    count: positions.length,
  });
  return (
    <dialog
      ref={dialog}
      className="images room-dark"
      aria-label={series?.description || t("study.look")}
      onClose={({ currentTarget }) => {
        if (!currentTarget.open) onClose();
      }}
      onKeyDown={onKey}
    >
      <header>
        <span>
          <b>{series?.description || series?.modality}</b>
          <span className="muted" aria-live="polite">
            {place}
          </span>
        </span>
        <button
          type="button"
          className="images-close"
          aria-label={t("images.close")}
          onClick={() => dialog.current?.close()}
        >
          ✕
        </button>
      </header>
      <div className="images-stage" {...gestures.handlers}>
        {shown.src && (
          <img
            src={shown.src}
            alt={place}
            draggable={false}
            data-page={position?.kind === "document" || undefined}
            style={{ transform: `translate(${x}px, ${y}px) scale(${scale})` }}
          />
        )}
        {shown.problem && shown.problem !== "closed" && <p role="alert">{t(`images.${shown.problem}`)}</p>}
        {positions.length === 0 && <p>{t("images.nothing")}</p>}
        {shown.waiting && <span className="images-waiting" aria-hidden="true" />}
      </div>
      <footer>
        {positions.length > 1 && (
          <div className="images-line">
            {cine.possible && (
              <button type="button" className="images-play" aria-pressed={cine.playing} onClick={cine.toggle}>
                {cine.playing ? t("images.pause") : t("images.play")}
              </button>
            )}
            <input
              type="range"
              aria-label={t("images.slider")}
              min={1}
              max={positions.length}
              value={Math.min(at, positions.length - 1) + 1}
              aria-valuetext={place}
              onChange={(event) => setAt(Number(event.currentTarget.value) - 1)}
            />
          </div>
        )}
        {position?.kind === "image" && study.windows.length > 1 && (
          // biome-ignore lint/a11y/useSemanticElements: a row of choices
          <div className="images-windows" role="group" aria-label={t("images.window")}>
            {study.windows.map(({ key, label }) => (
              <button key={key} type="button" aria-pressed={key === window} onClick={() => setWindow(key)}>
                {t(`images.window_.${key as "default"}`, { defaultValue: label })}
              </button>
            ))}
          </div>
        )}
        {study.series.length > 1 && (
          <SeriesStrip study={study} chosen={seriesAt} pictures={pictures} onChoose={choose} />
        )}
        {position?.kind === "image" && (
          <details className="images-about">
            <summary>{t("images.ask")}</summary>
            <p>{t(matchMedia("(pointer: coarse)").matches ? "images.hint" : "images.hintMouse")}</p>
            <p>{t(`images.about.${plainKind([series?.modality ?? ""])}`)}</p>
            {study.windows.length > 1 && (
              <p>{t(study.modalities.includes("CT") ? "images.windowHintCt" : "images.windowHint")}</p>
            )}
            <p>{t("images.tell")}</p>
          </details>
        )}
        <p className="images-note">{t("images.notForEyes")}</p>
      </footer>
    </dialog>
  );
}

const KEYS: Record<string, number | "first" | "last"> = {
  ArrowDown: 1,
  ArrowRight: 1,
  ArrowUp: -1,
  ArrowLeft: -1,
  PageDown: 10,
  PageUp: -10,
  Home: "first",
  End: "last",
};
