import { create } from "qrcode";
import { useMemo } from "react";

/** A QR code drawn as one path: nothing leaves the page to make it. Always dark on white, or scanners miss it. */
export function Qr({ text, label, size = 184 }: { text: string; label: string; size?: number }) {
  const { path, edge } = useMemo(() => pathOf(text), [text]);
  return (
    <svg
      width={size}
      height={size}
      viewBox={`0 0 ${edge} ${edge}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={edge} height={edge} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

const QUIET_ZONE = 4; // ISO/IEC 18004: four modules on each side

function pathOf(text: string): { path: string; edge: number } {
  const { modules } = create(text, { errorCorrectionLevel: "M" });
  let path = "";
  for (let row = 0; row < modules.size; row++)
    for (let column = 0; column < modules.size; column++)
      if (modules.get(row, column)) path += `M${column + QUIET_ZONE} ${row + QUIET_ZONE}h1v1h-1z`;
  return { path, edge: modules.size + 2 * QUIET_ZONE };
}
