import { type PointerEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Pane.module.css";

type Props = {
  readonly count: number;
  readonly index: number;
  readonly seen: readonly number[];
  readonly loaded: readonly boolean[];
  readonly onGo: (index: number) => void;
};

/** Where one is in the stack: what is here already, what was seen, and the place itself; drag it to go elsewhere. */
export function Track({ count, index, seen, loaded, onGo }: Props) {
  const { t } = useTranslation("viewer");
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, count, index, seen, loaded);
  }, [count, index, seen, loaded]);
  const go = (event: PointerEvent<HTMLElement>) => {
    if (event.buttons === 0) return;
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientY - box.top) / box.height;
    onGo(Math.min(count - 1, Math.max(0, Math.round(share * (count - 1)))));
  };
  return (
    <div
      className={styles.track}
      role="slider"
      aria-label={t("overlay.scroll")}
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuemax={count}
      aria-valuenow={index + 1}
      tabIndex={-1}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <canvas ref={canvas} />
    </div>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  count: number,
  index: number,
  seen: readonly number[],
  loaded: readonly boolean[],
): void {
  const scale = devicePixelRatio;
  const height = Math.round(canvas.clientHeight * scale);
  const width = Math.round(canvas.clientWidth * scale);
  if (canvas.height !== height) canvas.height = height;
  if (canvas.width !== width) canvas.width = width;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, width, height);
  const step = height / count;
  const line = (at: number, colour: string) => {
    context.fillStyle = colour;
    context.fillRect(
      width - 3 * scale,
      Math.floor(at * step),
      2 * scale,
      Math.max(1, Math.ceil(step - (step > 4 ? scale : 0))),
    );
  };
  for (let at = 0; at < count; at++) line(at, loaded[at] ? "#3a4047" : "#1a1d20");
  for (const at of seen) line(at, "#2f6b50");
  const thumb = Math.max(step, 14 * scale);
  const top = Math.min(height - thumb, Math.max(0, (index + 0.5) * step - thumb / 2));
  context.fillStyle = "#ff6a3d";
  context.fillRect(width - 4 * scale, top, 4 * scale, thumb);
}
