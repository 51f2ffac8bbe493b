import { type DragEvent, type ReactNode, useState } from "react";
import styles from "./Pane.module.css";

type Props = {
  readonly active: boolean;
  readonly label: string;
  readonly onActivate: () => void;
  readonly onDrop: (stack: string) => void;
  readonly onDouble: () => void;
  readonly children: ReactNode;
};

export const DRAGGED = "application/x-safelight-series";

/** A viewport's place in the grid: it becomes active by a click, takes series that are dropped on it. */
export function PaneFrame({ active, label, onActivate, onDrop, onDouble, children }: Props) {
  const [over, setOver] = useState(false);
  const isSeries = (event: DragEvent) => event.dataTransfer.types.includes(DRAGGED);
  return (
    <section
      className={styles.pane}
      aria-label={label}
      data-active={active}
      data-drop={over}
      onPointerDownCapture={onActivate}
      onDoubleClick={onDouble}
      onDragOver={(event) => {
        if (!isSeries(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const stack = event.dataTransfer.getData(DRAGGED);
        if (stack) onDrop(stack);
      }}
    >
      {children}
    </section>
  );
}
