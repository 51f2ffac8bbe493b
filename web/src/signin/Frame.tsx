import type { ReactNode } from "react";
import { Lamp } from "../ui/Lamp.tsx";
import "./frame.css";

/** One thought on an empty page: the lamp, a sentence, a form. */
export function Frame({
  title,
  lead,
  children,
  wide = false,
}: {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  wide?: boolean;
}) {
  return (
    <main className="frame" data-wide={wide || undefined}>
      <div className="frame-glow" aria-hidden="true" />
      <div className="frame-inner">
        <div className="frame-mark">
          <Lamp size={44} />
          <span>Safelight</span>
        </div>
        <h1>{title}</h1>
        {lead && <p className="muted frame-lead">{lead}</p>}
        {children}
      </div>
    </main>
  );
}
