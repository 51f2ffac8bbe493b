import { type PointerEvent, useEffect, useRef, useState } from "react";

export type Placement = { scale: number; x: number; y: number };
const AT_REST: Placement = { scale: 1, x: 0, y: 0 };
const PIXELS_PER_STEP = 14;

/** Fingers and mouse on a picture: one finger up and down steps, two enlarge and move, a double tap enlarges and back. */
export function useGestures(onStep: (by: number) => void, resetOn: unknown) {
  const [placement, setPlacement] = useState(AT_REST);
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const owed = useRef(0);
  const lastTap = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another series starts at rest
  useEffect(() => setPlacement(AT_REST), [resetOn]);

  const stepBy = (pixels: number) => {
    owed.current += pixels / PIXELS_PER_STEP;
    const whole = Math.trunc(owed.current);
    if (whole === 0) return;
    owed.current -= whole;
    onStep(whole);
  };
  const zoomTo = (scale: number, at?: Placement) =>
    setPlacement((before) => {
      const next = Math.min(6, Math.max(1, scale));
      return next === 1 ? AT_REST : { scale: next, x: at?.x ?? before.x, y: at?.y ?? before.y };
    });

  return {
    placement,
    reset: () => setPlacement(AT_REST),
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
        const others = [...fingers.current].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        fingers.current.set(event.pointerId, now);
        const other = others[0];
        if (other) {
          const grown =
            Math.hypot(now.x - other.x, now.y - other.y) /
            Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
          zoomTo(placement.scale * grown, {
            ...placement,
            x: placement.x + (now.x - before.x) / 2,
            y: placement.y + (now.y - before.y) / 2,
          });
        } else if (placement.scale > 1)
          setPlacement({ ...placement, x: placement.x + now.x - before.x, y: placement.y + now.y - before.y });
        else stepBy(before.y - now.y);
      },
      onPointerUp: (event: PointerEvent) => void fingers.current.delete(event.pointerId),
      onPointerCancel: (event: PointerEvent) => void fingers.current.delete(event.pointerId),
      onDoubleClick: () => zoomTo(placement.scale > 1 ? 1 : 2.5),
      onWheel: (event: React.WheelEvent) => {
        if (event.ctrlKey) zoomTo(placement.scale * (event.deltaY < 0 ? 1.12 : 0.89));
        else if (Math.abs(event.deltaY) >= 40) onStep(Math.sign(event.deltaY));
        else stepBy(event.deltaY);
      },
    },
  };
}
