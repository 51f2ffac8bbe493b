import { cache, utilities } from "@cornerstonejs/core";
import {
  AngleTool,
  ArrowAnnotateTool,
  addTool,
  annotation,
  EllipticalROITool,
  Enums,
  LengthTool,
  PanTool,
  RectangleROITool,
  StackScrollTool,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
} from "@cornerstonejs/tools";
import type { Frame } from "../dicom/frames.ts";
import type { Tool } from "../model/state.ts";
import { shownIn } from "./picture.ts";
import { frameOf } from "./registry.ts";

const GROUP = "safelight";
const { MouseBindings } = Enums;

const NAMES: Readonly<Record<Tool, string>> = {
  window: WindowLevelTool.toolName,
  pan: PanTool.toolName,
  zoom: ZoomTool.toolName,
  scroll: StackScrollTool.toolName,
  length: LengthTool.toolName,
  angle: AngleTool.toolName,
  ellipse: EllipticalROITool.toolName,
  rectangle: RectangleROITool.toolName,
  arrow: ArrowAnnotateTool.toolName,
};

/** The words that stand beside measurements, and how the page asks for the text of an arrow. */
export type ToolWords = {
  readonly mean: string;
  readonly deviation: string;
  readonly least: string;
  readonly most: string;
  readonly area: string;
  readonly atDetector: string;
  readonly number: (value: number, digits: number) => string;
};
let words: ToolWords = {
  mean: "Mean",
  deviation: "SD",
  least: "Min",
  most: "Max",
  area: "Area",
  atDetector: "at detector",
  number: (value, digits) => value.toFixed(digits),
};
let askText: (held: string) => Promise<string | undefined> = () => Promise.resolve(undefined);

export function setToolWords(next: ToolWords, ask: typeof askText): void {
  words = next;
  askText = ask;
}

/** Left drag is the active tool, middle pans, right zooms; two fingers zoom and pan. The wheel belongs to the page. */
export function startTools(): void {
  for (const tool of [WindowLevelTool, PanTool, ZoomTool, StackScrollTool, LengthTool, AngleTool]) addTool(tool);
  for (const tool of [EllipticalROITool, RectangleROITool, ArrowAnnotateTool]) addTool(tool);
  const group = ToolGroupManager.createToolGroup(GROUP);
  if (!group) throw new Error("The tools could not be started.");
  group.addTool(NAMES.window);
  group.addTool(NAMES.pan);
  group.addTool(NAMES.zoom, {
    zoomToCenter: false,
    pinchToZoom: true,
    pan: true,
    minZoomScale: 0.05,
    maxZoomScale: 60,
  });
  group.addTool(NAMES.scroll);
  group.addTool(NAMES.length, { getTextLines: lengthLines });
  group.addTool(NAMES.angle, { getTextLines: angleLines });
  group.addTool(NAMES.ellipse, { getTextLines: regionLines });
  group.addTool(NAMES.rectangle, { getTextLines: regionLines });
  group.addTool(NAMES.arrow, {
    getTextCallback: arrowText,
    changeTextCallback: changeArrowText,
    arrowHeadStyle: "standard",
  });
  annotation.config.style.setDefaultToolStyles(STYLE);
  setTool("window");
}

const STYLE = {
  global: {
    color: "#ffd27a",
    colorHighlighted: "#ffe3ad",
    colorSelected: "#ff9a78",
    colorLocked: "#ffd27a",
    lineWidth: "1.25",
    lineWidthSelected: "1.75",
    lineDash: "",
    shadow: true,
    textBoxVisibility: true,
    textBoxFontFamily: "JetBrains Mono Variable, JetBrains Mono, ui-monospace, monospace",
    textBoxFontSize: "12px",
    textBoxColor: "#ffd27a",
    textBoxColorHighlighted: "#ffe3ad",
    textBoxColorSelected: "#ff9a78",
    textBoxColorLocked: "#ffd27a",
    textBoxBackground: "",
    textBoxLinkLineWidth: "1",
    textBoxLinkLineDash: "2,3",
    textBoxShadow: true,
  },
} as unknown as Parameters<typeof annotation.config.style.setDefaultToolStyles>[0];

export function setTool(tool: Tool): void {
  const group = ToolGroupManager.getToolGroup(GROUP);
  if (!group) return;
  for (const name of Object.values(NAMES)) group.setToolPassive(name, { removeAllBindings: true });
  const bindings: Record<string, { mouseButton?: number; numTouchPoints?: number }[]> = {
    [NAMES.pan]: [{ mouseButton: MouseBindings.Auxiliary }],
    [NAMES.zoom]: [{ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 }],
  };
  bindings[NAMES[tool]] = [
    ...(bindings[NAMES[tool]] ?? []),
    { mouseButton: MouseBindings.Primary },
    { numTouchPoints: 1 },
  ];
  for (const [name, list] of Object.entries(bindings)) group.setToolActive(name, { bindings: list as never });
}

export function toolsOn(viewportId: string, engineId: string): void {
  ToolGroupManager.getToolGroup(GROUP)?.addViewport(viewportId, engineId);
}

export function toolsOff(viewportId: string, engineId: string): void {
  ToolGroupManager.getToolGroup(GROUP)?.removeViewports(engineId, viewportId);
}

type Stats = {
  readonly length?: number;
  readonly unit?: string;
  readonly angle?: number;
  readonly mean?: number;
  readonly stdDev?: number;
  readonly min?: number;
  readonly max?: number;
  readonly area?: number;
  readonly areaUnit?: string;
};
type Data = { readonly cachedStats?: Readonly<Record<string, Stats | undefined>> };
type Target = string | readonly string[];

/** What a measurement says in one line: its first value, and of a region its mean. */
export function measurementOf(toolName: string, data: unknown, imageId: string): string {
  const lines = LINES[toolName];
  return lines?.(data as Data, `imageId:${imageId}`)?.[0] ?? "";
}

function statsOf(data: Data, target: Target): { stats: Stats; frame: Frame | undefined } | undefined {
  const id = typeof target === "string" ? target : target[0];
  const stats = id === undefined ? undefined : data.cachedStats?.[id];
  return stats && id !== undefined ? { stats, frame: frameOf(id.replace(/^imageId:/, "")) } : undefined;
}

function lengthLines(data: Data, target: Target): string[] | undefined {
  const found = statsOf(data, target);
  const value = Number(found?.stats.length);
  if (!found || !Number.isFinite(value)) return undefined;
  const { text, note } = inMillimetres(value, String(found.stats.unit ?? "px"), found.frame);
  return note ? [text, note] : [text];
}

/** Ultrasound regions are calibrated in centimetres, all else in millimetres; a detector's spacing magnifies and says so. */
function inMillimetres(value: number, unit: string, frame: Frame | undefined): { text: string; note: string } {
  if (unit.startsWith("cm ") || unit === "cm") return { text: `${words.number(value * 10, 1)} mm`, note: "" };
  if (!unit.startsWith("mm"))
    return { text: `${words.number(value, unit.startsWith("px") ? 0 : 2)} ${unit.split(" ")[0] ?? ""}`, note: "" };
  return { text: `${words.number(value, 1)} mm`, note: frame?.spacingAt === "detector" ? words.atDetector : "" };
}

function angleLines(data: Data, target: Target): string[] | undefined {
  const angle = Number(statsOf(data, target)?.stats.angle);
  return Number.isFinite(angle) ? [`${words.number(angle, 1)}°`] : undefined;
}

function regionLines(data: Data, target: Target): string[] | undefined {
  const found = statsOf(data, target);
  if (!found) return undefined;
  const { stats, frame } = found;
  const lines = [...valueLines(stats, frame), ...areaLine(stats)];
  return lines.length > 0 ? lines : undefined;
}

/** Values only where a pixel is one value: not for colours, and not for pictures that the server made. */
function valueLines(stats: Stats, frame: Frame | undefined): string[] {
  const imageId = frame && `safelight:${frame.url}/frames/${frame.number}`;
  const shown = imageId === undefined ? undefined : shownIn(cache.getImage(imageId));
  if (!shown || shown.colour || shown.rendered) return [];
  const unit = frame?.units ? ` ${frame.units}` : "";
  const line = (name: string, key: "mean" | "stdDev" | "min" | "max", digits: number): string[] => {
    const value = stats[key];
    return typeof value === "number" && utilities.isNumber(value)
      ? [`${name} ${words.number(value, Number.isInteger(value) ? 0 : digits)}${unit}`]
      : [];
  };
  const digits = shown.pixels instanceof Float32Array ? 2 : 1;
  return [
    ...line(words.mean, "mean", digits),
    ...line(words.deviation, "stdDev", digits),
    ...line(words.least, "min", digits),
    ...line(words.most, "max", digits),
  ];
}

function areaLine(stats: Stats): string[] {
  const area = stats.area;
  if (typeof area !== "number" || !Number.isFinite(area)) return [];
  const unit = String(stats.areaUnit ?? "px²");
  if (unit.startsWith("cm")) return [`${words.area} ${words.number(area, 2)} cm²`];
  if (!unit.startsWith("mm")) return [`${words.area} ${words.number(area, 0)} px²`];
  return area >= 1000
    ? [`${words.area} ${words.number(area / 100, 1)} cm²`]
    : [`${words.area} ${words.number(area, 0)} mm²`];
}

const LINES: Readonly<Record<string, (data: Data, target: Target) => string[] | undefined>> = {
  [NAMES.length]: lengthLines,
  [NAMES.angle]: angleLines,
  [NAMES.ellipse]: regionLines,
  [NAMES.rectangle]: regionLines,
};

function arrowText(done: (text: string) => void): void {
  void askText("").then((text) => done(text ?? ""));
}

function changeArrowText(
  data: { text?: string; data?: { text?: string } },
  _event: unknown,
  done: (text: string) => void,
): void {
  const held = data.text ?? data.data?.text ?? "";
  void askText(held).then((text) => done(text ?? held));
}
