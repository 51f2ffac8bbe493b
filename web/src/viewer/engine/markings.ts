import { eventTarget } from "@cornerstonejs/core";
import { annotation, Enums, utilities } from "@cornerstonejs/tools";
import { frameOf } from "./registry.ts";
import { measurementOf } from "./tools.ts";

/** A measurement or remark on an image, as far as the page needs to know it. */
export type Marking = {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  readonly sop: string;
  readonly frame: number;
};

const { Events } = Enums;
const KINDS: Readonly<Record<string, string>> = {
  Length: "length",
  Angle: "angle",
  EllipticalROI: "ellipse",
  RectangleROI: "rectangle",
  ArrowAnnotate: "arrow",
};

type Held = ReturnType<typeof annotation.state.getAllAnnotations>[number];

export function allMarkings(): Marking[] {
  return annotation.state.getAllAnnotations().flatMap((held) => {
    const { referencedImageId = "", toolName = "" } = held.metadata ?? {};
    const frame = frameOf(referencedImageId);
    if (!frame || held.annotationUID === undefined) return [];
    const kind = KINDS[toolName] ?? toolName;
    return [
      {
        id: held.annotationUID,
        kind,
        text: textOf(held, toolName, referencedImageId),
        sop: frame.sop,
        frame: frame.number,
      },
    ];
  });
}

function textOf({ data }: Held, toolName: string, imageId: string): string {
  const { label, text } = data as { label?: string; text?: string };
  return label || text || measurementOf(toolName, data, imageId);
}

/** Tells when markings come, change or go; answers how to stop listening. */
export function onMarkings(listener: (markings: readonly Marking[]) => void): () => void {
  const tell = () => listener(allMarkings());
  const events = [Events.ANNOTATION_COMPLETED, Events.ANNOTATION_MODIFIED, Events.ANNOTATION_REMOVED];
  for (const event of events) eventTarget.addEventListener(event, tell);
  return () => {
    for (const event of events) eventTarget.removeEventListener(event, tell);
  };
}

/** Removes what is selected, or the newest marking when nothing is. */
export function deleteMarking(viewportIds: string[]): void {
  const selected = annotation.selection.getAnnotationsSelected();
  const newest = annotation.state.getAllAnnotations().at(-1)?.annotationUID;
  for (const id of selected.length > 0 ? selected : newest ? [newest] : []) annotation.state.removeAnnotation(id);
  utilities.triggerAnnotationRenderForViewportIds(viewportIds);
}

export function showMarkings(shown: boolean, viewportIds: string[]): void {
  for (const held of annotation.state.getAllAnnotations()) {
    if (held.annotationUID) annotation.visibility.setAnnotationVisibility(held.annotationUID, shown);
  }
  utilities.triggerAnnotationRenderForViewportIds(viewportIds);
}

export const forgetMarkings = (): void => annotation.state.removeAllAnnotations();
