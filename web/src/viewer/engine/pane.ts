import { Enums, eventTarget, type RenderingEngine, type Types, utilities } from "@cornerstonejs/core";
import type { Window } from "../dicom/frames.ts";
import type { Stack } from "../dicom/stack.ts";
import type { Vec3 } from "../dicom/vector.ts";
import { plainView, type View } from "../model/state.ts";
import { type Trouble, troubleOf } from "../source/wire.ts";
import { dropImage } from "./images.ts";
import { type Shown, shownIn } from "./picture.ts";
import { register } from "./registry.ts";
import { toolsOff, toolsOn } from "./tools.ts";
import { showByTable } from "./voi-table.ts";

const { Events } = Enums;

/** What a pane tells the page. */
export type PaneEvents = {
  /** This image is on screen now, with what its window is. */
  readonly onShown: (index: number, about: About) => void;
  readonly onFailed: (index: number, trouble: Trouble) => void;
  /** The mouse changed the view or the image. */
  readonly onView: (change: Partial<View>) => void;
  readonly onIndex: (index: number) => void;
  readonly onGeometry: (geometry: Geometry) => void;
};

export type About = {
  readonly window: Window;
  readonly colour: boolean;
  readonly rendered: boolean;
  readonly lossy: boolean;
};

/** How the image lies on the screen: directions in patient space, and screen pixels per millimetre and per image pixel. */
export type Geometry = {
  readonly right: Vec3;
  readonly down: Vec3;
  readonly perMillimetre: number;
  readonly perPixel: number;
};

/** One viewport. `show` may be called with every state: what is shown already costs nothing. */
export class EnginePane {
  readonly #engine: RenderingEngine;
  readonly #id: string;
  readonly #element: HTMLDivElement;
  readonly #events: PaneEvents;
  #stack: Stack | undefined;
  #imageIds: string[] = [];
  #index = -1;
  #view: View = plainView;
  #applying = false;
  #closed = false;
  readonly #listening = new AbortController();

  constructor(engine: RenderingEngine, id: string, element: HTMLDivElement, events: PaneEvents) {
    this.#engine = engine;
    this.#id = id;
    this.#element = element;
    this.#events = events;
    engine.enableElement({
      viewportId: id,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    });
    toolsOn(id, engine.id);
    this.#listen();
  }

  get id(): string {
    return this.#id;
  }

  get imageIds(): readonly string[] {
    return this.#imageIds;
  }

  get index(): number {
    return this.#index;
  }

  show(stack: Stack, index: number, view: View): void {
    const before = this.#view;
    this.#view = view;
    if (this.#stack !== stack) {
      this.#stack = stack;
      this.#imageIds = stack.frames.map(register);
      this.#index = index;
      void this.#open(index);
      return;
    }
    if (index !== this.#index) {
      this.#index = index;
      void this.#go(index);
    }
    if (view !== before) this.#apply();
  }

  /** Tries the present image again after a failure. */
  retry(): void {
    const imageId = this.#imageIds[this.#index];
    if (imageId === undefined) return;
    dropImage(imageId);
    void this.#open(this.#index);
  }

  close(): void {
    this.#closed = true;
    this.#listening.abort();
    toolsOff(this.#id, this.#engine.id);
    this.#engine.disableElement(this.#id);
  }

  get #viewport(): Types.IStackViewport {
    return this.#engine.getViewport(this.#id) as Types.IStackViewport;
  }

  async #open(index: number): Promise<void> {
    try {
      await this.#viewport.setStack(this.#imageIds, index);
    } catch (thrown) {
      if (!this.#closed) this.#events.onFailed(index, troubleOf(thrown));
    }
  }

  async #go(index: number): Promise<void> {
    try {
      await this.#viewport.setImageIdIndex(index);
    } catch (thrown) {
      if (!this.#closed) this.#events.onFailed(index, troubleOf(thrown));
    }
  }

  /** Everything of the view that Cornerstone holds, in one go and without hearing itself. */
  #apply(): void {
    const viewport = this.#viewport;
    const shown = shownIn(viewport.getCornerstoneImage());
    if (!shown || this.#closed) return;
    this.#applying = true;
    try {
      const { zoom, pan, rotation, flipH, flipV, invert } = this.#view;
      const height = this.#element.clientHeight || 1;
      viewport.setProperties({
        voiRange: rangeOf(this.#view.window ?? shown.window, shown),
        VOILUTFunction: shown.voiFunction as Enums.VOILUTFunctionType,
        invert: shown.inverse !== invert,
      });
      showByTable(viewport, this.#view.window ? undefined : shown.voiTable, shown.inverse !== invert);
      // Flips by the camera: a view presentation can set them but not take them back. The camera turns what is flipped already.
      viewport.setCamera({ flipHorizontal: flipH, flipVertical: flipV });
      viewport.setViewPresentation({
        zoom,
        pan: [(pan[0] * height) / zoom, (pan[1] * height) / zoom],
        rotation: flipH === flipV ? rotation : (360 - rotation) % 360,
      });
      viewport.render();
    } finally {
      this.#applying = false;
    }
    this.#tellGeometry();
  }

  #listen(): void {
    const { signal } = this.#listening;
    const on = (name: string, listener: (detail: never) => void) =>
      this.#element.addEventListener(name, (event) => listener((event as CustomEvent).detail as never), { signal });
    on(Events.STACK_NEW_IMAGE, (detail: { imageIdIndex: number; image: unknown }) => {
      const shown = shownIn(detail.image);
      if (!shown) return;
      this.#apply();
      const { window, colour, rendered, lossy } = shown;
      this.#events.onShown(detail.imageIdIndex, { window, colour, rendered, lossy });
    });
    on(Events.STACK_VIEWPORT_SCROLL, (detail: { newImageIdIndex: number }) => {
      this.#index = detail.newImageIdIndex;
      this.#events.onIndex(detail.newImageIdIndex);
    });
    on(Events.VOI_MODIFIED, (detail: { range: { lower: number; upper: number } }) => this.#heardWindow(detail.range));
    on(Events.CAMERA_MODIFIED, () => this.#heardCamera());
    const failed = (event: Event) => {
      const { imageId, imageIdIndex, error } = (event as CustomEvent).detail as {
        imageId?: string;
        imageIdIndex?: number;
        error?: unknown;
      };
      if (imageId === undefined || this.#imageIds[this.#index] !== imageId) return;
      dropImage(imageId);
      this.#events.onFailed(imageIdIndex ?? this.#index, troubleOf(error));
    };
    eventTarget.addEventListener(Events.IMAGE_LOAD_ERROR, failed);
    signal.addEventListener("abort", () => eventTarget.removeEventListener(Events.IMAGE_LOAD_ERROR, failed));
    // The right button zooms.
    this.#element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    this.#watchSize(signal);
  }

  #watchSize(signal: AbortSignal): void {
    const observer = new ResizeObserver(() => {
      if (this.#closed) return;
      this.#applying = true; // what the camera says while it is resized is nobody's wish
      try {
        this.#engine.resize(true, true);
      } finally {
        this.#applying = false;
      }
      this.#apply();
    });
    observer.observe(this.#element);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  #heardWindow({ lower, upper }: { lower: number; upper: number }): void {
    const shown = shownIn(this.#viewport.getCornerstoneImage());
    if (this.#applying || !shown) return;
    const own = rangeOf(this.#view.window ?? shown.window, shown);
    if (Math.abs(own.lower - lower) < 1e-3 && Math.abs(own.upper - upper) < 1e-3) return;
    const window = windowOf({ lower, upper }, shown);
    this.#view = { ...this.#view, window };
    this.#events.onView({ window });
  }

  #heardCamera(): void {
    const viewport = this.#viewport;
    if (this.#applying || !shownIn(viewport.getCornerstoneImage())) return;
    const { zoom = 1, pan = [0, 0] } = viewport.getViewPresentation();
    const height = this.#element.clientHeight || 1;
    const moved = [(pan[0] * zoom) / height, (pan[1] * zoom) / height] as const;
    this.#tellGeometry();
    const near = Math.abs(zoom - this.#view.zoom) < 1e-3 * zoom;
    const still = Math.hypot(moved[0] - this.#view.pan[0], moved[1] - this.#view.pan[1]) < 2 / height;
    if (near && still) return;
    this.#view = { ...this.#view, zoom, pan: moved };
    this.#events.onView({ zoom, pan: moved });
  }

  #tellGeometry(): void {
    const viewport = this.#viewport;
    const frame = this.#stack?.frames[viewport.getCurrentImageIdIndex()];
    if (!frame || !shownIn(viewport.getCornerstoneImage())) return;
    const origin = viewport.canvasToWorld([0, 0]);
    const towards = (x: number, y: number): Vec3 => {
      const there = viewport.canvasToWorld([x, y]);
      return [(there[0] - origin[0]) / 100, (there[1] - origin[1]) / 100, (there[2] - origin[2]) / 100];
    };
    const right = towards(100, 0);
    const down = towards(0, 100);
    const perUnit = 1 / Math.max(Math.hypot(...right), 1e-9);
    const pixelWidth = frame.spacing?.[1] ?? 1;
    this.#events.onGeometry({ right, down, perMillimetre: perUnit, perPixel: perUnit * pixelWidth });
  }
}

function rangeOf({ center, width }: Window, shown: Shown): { lower: number; upper: number } {
  return utilities.windowLevel.toLowHighRange(width, center, shown.voiFunction as Enums.VOILUTFunctionType);
}

function windowOf({ lower, upper }: { lower: number; upper: number }, shown: Shown): Window {
  if (shown.voiFunction === "LINEAR_EXACT") return { center: (lower + upper) / 2, width: upper - lower };
  const { windowCenter, windowWidth } = utilities.windowLevel.toWindowLevel(lower, upper);
  return { center: windowCenter, width: windowWidth };
}
