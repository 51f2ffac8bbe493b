import type { LinkStudy } from "./client.ts";
import type { Position } from "./pictures.ts";

/** What the slider runs over in one series: every frame of every image, every page of every document, in order. Pure. */
export function positionsOf(series: LinkStudy["series"][number]): Position[] {
  return series.instances.flatMap((instance) => {
    const kind = instance.kind;
    if (kind === "other") return [];
    return Array.from({ length: Math.max(1, instance.frames) }, (_, index) => ({
      instance: instance.id,
      frame: index + 1,
      kind,
      cine: instance.cine,
    }));
  });
}

export function imageCount(study: LinkStudy): number {
  return study.series.reduce(
    (sum, series) => sum + positionsOf(series).filter((position) => position.kind === "image").length,
    0,
  );
}

/** The picture that tells most: the middle of the series with the most images. */
export function coverOf(study: LinkStudy): { series: number; at: number } | undefined {
  const counts = study.series.map(
    (series) => positionsOf(series).filter((position) => position.kind === "image").length,
  );
  const most = Math.max(0, ...counts);
  return most === 0 ? undefined : { series: counts.indexOf(most), at: Math.floor((most - 1) / 2) };
}

/** Plain words know seven kinds of examination. */
export function plainKind(modalities: readonly string[]): "CT" | "MR" | "XR" | "MG" | "US" | "NM" | "other" {
  for (const code of modalities) {
    if (code === "CT" || code === "MR" || code === "MG" || code === "US") return code;
    if (code === "DX" || code === "CR" || code === "RF" || code === "XA") return "XR";
    if (code === "NM" || code === "PT") return "NM";
  }
  return "other";
}
