import { type PointerEvent, useRef, useState, type WheelEvent } from "react";

type Placement = { scale: number; x: number; y: number };
const AT_REST: Placement = { scale: 1, x: 0, y: 0 };
const PIXELS_PER_STEP = 14;

/** Fingers and mouse on a picture: one finger up and down steps, two enlarge and move, a double tap enlarges and back. Another series starts at rest. */
export function useGestures(onStep: (by: number) => void, series: number) {
  const [held, setHeld] = useState({ series, placement: AT_REST });
  const placement = held.series === series ? held.placement : AT_REST;
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const owed = useRef(0);
  const lastTap = useRef(0);

  const place = (next: Placement) => setHeld({ series, placement: next });
  const stepBy = (pixels: number) => {
    owed.current += pixels / PIXELS_PER_STEP;
    const whole = Math.trunc(owed.current);
    if (whole === 0) return;
    owed.current -= whole;
    onStep(whole);
  };
  const zoomTo = (scale: number, at: Placement = placement) => {
    const next = Math.min(6, Math.max(1, scale));
    place(next === 1 ? AT_REST : { scale: next, x: at.x, y: at.y });
  };
  const lift = (event: PointerEvent) => {
    fingers.current.delete(event.pointerId);
  };

  return {
    placement,
    zoomBy: (factor: number) => zoomTo(placement.scale * factor),
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        owed.current = 0;
        if (fingers.current.size > 1 || event.pointerType === "mouse") return;
        if (event.timeStamp - lastTap.current < 300) zoomTo(placement.scale > 1 ? 1 : 2.5);
        lastTap.current = event.timeStamp;
      },
      onPointerMove: (event: PointerEvent) => {
        const before = fingers.current.get(event.pointerId);
        if (!before) return;
        const now = { x: event.clientX, y: event.clientY };
        const moved = { ...placement, x: placement.x + now.x - before.x, y: placement.y + now.y - before.y };
        const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
        fingers.current.set(event.pointerId, now);
        if (other) zoomTo(placement.scale * (distance(now, other) / Math.max(1, distance(before, other))), moved);
        else if (placement.scale > 1) place(moved);
        else stepBy(before.y - now.y);
      },
      onPointerUp: lift,
      onPointerCancel: lift,
      onDoubleClick: () => zoomTo(placement.scale > 1 ? 1 : 2.5),
      onWheel: (event: WheelEvent) => {
        if (event.ctrlKey) zoomTo(placement.scale * (event.deltaY < 0 ? 1.12 : 0.89));
        else if (Math.abs(event.deltaY) >= 40) onStep(Math.sign(event.deltaY));
        else stepBy(event.deltaY);
      },
    },
  };
}

const distance = (one: { x: number; y: number }, two: { x: number; y: number }) =>
  Math.hypot(one.x - two.x, one.y - two.y);
