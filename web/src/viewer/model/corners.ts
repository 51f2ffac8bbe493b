import type { Frame, Window } from "../dicom/frames.ts";
import { planeOf } from "../dicom/orientation.ts";

/** A length that makes a good scale bar: 1, 2 or 5 times a power of ten millimetres, between 50 and 125 screen pixels. */
export function scaleBar(perMillimetre: number): { readonly mm: number; readonly pixels: number } | undefined {
  if (!(perMillimetre > 0) || !Number.isFinite(perMillimetre)) return undefined;
  const wanted = 125 / perMillimetre;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const mm = [5, 2, 1].map((step) => step * power).find((step) => step <= wanted) ?? power;
  return { mm, pixels: mm * perMillimetre };
}

/** "AX 5 mm": plane and thickness, as far as an image says them; for projections its view. */
export function sliceName(frame: Frame): string {
  const plane = frame.row && frame.column && frame.position ? planeOf(frame.row, frame.column) : "";
  const thickness = frame.thickness !== undefined && plane ? `${Number(frame.thickness.toFixed(2))} mm` : "";
  const projection = projectionName(frame);
  return [plane, thickness].filter(Boolean).join(" ") || projection;
}

/** "R MLO", "PA": side and view of a projection; what is unpaired has no side to name. */
export function projectionName({ laterality, viewPosition }: Pick<Frame, "laterality" | "viewPosition">): string {
  return [laterality === "U" ? "" : laterality, viewPosition].filter(Boolean).join(" ");
}

/** Window numbers without false precision: whole ones from 10 up. */
export function windowNumbers({ center, width }: Window): { readonly center: string; readonly width: string } {
  const digits = Math.abs(width) < 10 ? 2 : 0;
  return { center: fixed(center, digits), width: fixed(width, digits) };
}

export function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? (0).toFixed(digits) : text).replace("-", "−");
}
