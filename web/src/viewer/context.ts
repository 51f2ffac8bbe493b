import { createContext, useContext } from "react";
import type { Marking } from "./engine/engine.ts";

/** What a panel beside the images may know and do, such as a report that speaks of measurements. */
export type ViewerHandle = {
  readonly markings: readonly Marking[];
  /** Shows an image of this study; false when there is none. */
  readonly goTo: (sop: string, frame?: number) => boolean;
  /** What the active viewport shows: number within its stack from 1, and its object. */
  readonly here: { readonly image: number; readonly sop: string; readonly frame: number } | undefined;
};

export const ViewerContext = createContext<ViewerHandle | undefined>(undefined);

/** The viewer around this panel, or undefined outside of one. */
export const useViewer = (): ViewerHandle | undefined => useContext(ViewerContext);
