import { cache, Enums, eventTarget, metaData, RenderingEngine, init as startCore } from "@cornerstonejs/core";
import { init as startLoader } from "@cornerstonejs/dicom-image-loader";
import { init as startCornerstoneTools } from "@cornerstonejs/tools";
import type { Marking as Kept } from "#contract/studies.ts";
import type { Frame } from "../dicom/frames.ts";
import type { Stack } from "../dicom/stack.ts";
import type { Tool } from "../model/state.ts";
import { forgetImages, prefetch, rank, registerLoader } from "./images.ts";
import {
  allMarkings,
  deleteMarking,
  forgetMarkings,
  type Marking,
  onMarkings,
  restoreMarking,
  showMarkings,
} from "./markings.ts";
import { metadataOf } from "./metadata.ts";
import { EnginePane, type PaneEvents } from "./pane.ts";
import { forgetFrames, register } from "./registry.ts";
import { setTool, setToolWords, startTools, type ToolWords } from "./tools.ts";

/** The one door to Cornerstone3D. Nothing outside this folder imports it, nothing inside it knows the page. */
export type { About, EnginePane, Geometry, PaneEvents } from "./pane.ts";
export type { Marking, ToolWords };

const ENGINE = "safelight";
/** Enough for a large CT; less where the device has less. */
const CACHE_BYTES = 1_600_000_000;

export class Engine {
  readonly #rendering = new RenderingEngine(ENGINE);
  readonly #panes = new Set<EnginePane>();
  #forgetting = false;

  openPane(id: string, element: HTMLDivElement, events: PaneEvents): EnginePane {
    const pane = new EnginePane(this.#rendering, id, element, events);
    this.#panes.add(pane);
    return pane;
  }

  closePane(pane: EnginePane): void {
    this.#panes.delete(pane);
    pane.close();
  }

  setTool(tool: Tool): void {
    setTool(tool);
  }

  setWords(words: ToolWords, askText: (held: string) => Promise<string | undefined>): void {
    setToolWords(words, askText);
  }

  /** Loads around what the panes show: outwards from each pane's image, then the other stacks in their order. */
  lookAhead(others: readonly Stack[]): void {
    const ranks = new Map<string, number>();
    for (const { imageIds, index } of this.#panes) {
      imageIds.forEach((imageId, at) => {
        const distance = Math.abs(at - index);
        ranks.set(imageId, Math.min(ranks.get(imageId) ?? Number.POSITIVE_INFINITY, distance));
      });
    }
    let later = 10_000;
    for (const stack of others) {
      for (const frame of stack.frames) {
        const imageId = register(frame);
        if (!ranks.has(imageId)) ranks.set(imageId, later++);
      }
    }
    rank(ranks);
    prefetch([...ranks].toSorted((a, b) => a[1] - b[1]).map(([imageId]) => imageId));
  }

  /** Which frames of a stack are here already. */
  loaded(stack: Stack): boolean[] {
    return stack.frames.map((frame) => cache.isLoaded(register(frame)));
  }

  isLoaded(stack: Stack, index: number): boolean {
    const frame = stack.frames[index];
    return frame !== undefined && cache.isLoaded(register(frame));
  }

  /** Tells whenever another image has come. */
  onLoaded(listener: () => void): () => void {
    eventTarget.addEventListener(Enums.Events.IMAGE_CACHE_IMAGE_ADDED, listener);
    return () => eventTarget.removeEventListener(Enums.Events.IMAGE_CACHE_IMAGE_ADDED, listener);
  }

  /** Tells what is marked whenever that changes; not when everything is forgotten, which is nobody's deletion. */
  onMarkings(listener: (markings: readonly Marking[]) => void): () => void {
    return onMarkings((markings) => {
      if (!this.#forgetting) listener(markings);
    });
  }

  markings(): readonly Marking[] {
    return allMarkings();
  }

  restoreMarking(frame: Frame, kept: Kept): void {
    restoreMarking(frame, kept);
  }

  deleteMarking(): void {
    deleteMarking([...this.#panes].map(({ id }) => id));
  }

  showMarkings(shown: boolean): void {
    showMarkings(
      shown,
      [...this.#panes].map(({ id }) => id),
    );
  }

  /** Takes everything off the screen and out of memory: requests, pixels, markings, frames. */
  forget(): void {
    for (const pane of this.#panes) this.closePane(pane);
    this.#forgetting = true;
    forgetMarkings();
    this.#forgetting = false;
    forgetImages();
    forgetFrames();
  }
}

let engine: Engine | undefined;

/** The engine, started once: codecs in workers, WebGL where there is one, the CPU elsewhere. */
export function theEngine(): Engine {
  if (engine) return engine;
  startCore({ rendering: { useCPURendering: false } } as Parameters<typeof startCore>[0]);
  const cores = navigator.hardwareConcurrency || 2;
  startLoader({ maxWebWorkers: Math.max(1, Math.min(4, cores - 1)) });
  startCornerstoneTools();
  startTools();
  registerLoader();
  metaData.addProvider(metadataOf, 10_000);
  cache.setMaxCacheSize(CACHE_BYTES);
  engine = new Engine();
  return engine;
}
