import { drawText, plainCapitals, textWidth } from "#phantoms/image/font.ts";
import { bandNoise, type Field, sample2 } from "#phantoms/image/noise.ts";
import { randomOf } from "#phantoms/image/random.ts";
import { clamp } from "#phantoms/image/shape.ts";
import { echoAt, flowAt } from "#phantoms/ultrasound/abdomen.ts";
import { FAN, type FanPixel, fanPixels, SCREEN } from "#phantoms/ultrasound/probe.ts";

/** What the machine writes into the picture. */
export type ScreenText = {
  readonly clinic: string;
  readonly name: string;
  readonly id: string;
  readonly born: string;
  readonly date: string;
  readonly time: string;
};

const BEAT = 24; // frames
/** Depth (cm) and angle between which flow is looked for. */
const BOX = { near: 3.1, far: 7.2, from: -0.24, to: 0.3 } as const;

type Parts = { readonly pixels: FanPixel[]; readonly a: Field; readonly b: Field; readonly rough: Field };
let parts: Parts | undefined;

const partsOf = (): Parts => ({
  pixels: fanPixels(),
  a: bandNoise("speckle-a", 2, 512, 1.15, 0),
  b: bandNoise("speckle-b", 2, 512, 1.15, 0),
  rough: bandNoise("us-rough", 2, 128, 1.4, 0),
});

const inBox = (depth: number, angle: number): boolean =>
  depth > BOX.near && depth < BOX.far && angle > BOX.from && angle < BOX.to;

/** A velocity of -1 … 1 as the usual map has it: red to yellow towards the probe, blue to cyan away. */
function flowColour(flow: number): [number, number, number] {
  const speed = Math.min(1, Math.abs(flow));
  const bright = 110 + 145 * speed;
  const second = 255 * Math.max(0, speed - 0.35) * 1.3;
  return flow > 0 ? [bright, second, 20 * speed] : [20 * speed, second, bright];
}

const put = (rgb: Uint8Array, at: number, r: number, g: number, b: number): void => {
  rgb[at * 3] = r;
  rgb[at * 3 + 1] = g;
  rgb[at * 3 + 2] = b;
};

/** Text, scales and bars that are the same in every frame. */
function chrome(text: ScreenText, seed: string): Uint8Array {
  const { columns, rows } = SCREEN;
  const grey = new Float32Array(columns * rows);
  const right = (words: string, y: number): void =>
    drawText(grey, columns, words, columns - 10 - textWidth(plainCapitals(words), 1.5), y, 1.5, 205);
  drawText(grey, columns, text.clinic, 10, 8, 2, 235);
  drawText(grey, columns, text.name, 10, 27, 2, 235);
  drawText(grey, columns, `ID ${text.id}`, 10, 46, 2, 225);
  drawText(grey, columns, `DOB ${text.born}`, 10, 65, 1.5, 205);
  right(`${text.date}  ${text.time}`, 8);
  right("ABDOMEN  C5-2", 24);
  right("MI 1.1  TIS 0.7", 40);
  const settings = ["FR 24HZ", "15CM", "2D", "62%", "C 55", "P LOW", "CF", "58%", "1.6MHZ", "WF LOW"];
  for (const [n, line] of settings.entries()) {
    drawText(grey, columns, line, 10, 104 + n * 15, 1.5, n === 2 || n === 6 ? 150 : 190);
  }
  const rgb = new Uint8Array(columns * rows * 3);
  for (let at = 0; at < grey.length; at++) {
    const value = grey[at] as number;
    if (value > 0) put(rgb, at, value, value, value * 0.96);
  }
  for (let cm = 0; cm <= FAN.depthCm; cm++) {
    const y = Math.round(FAN.apexY + FAN.skin + cm * FAN.pixelsPerCm);
    for (let i = 0; i < (cm % 5 === 0 ? 9 : 4) && y < rows; i++)
      put(rgb, y * columns + columns - 12 - i, 190, 190, 190);
  }
  bars(rgb, seed);
  return rgb;
}

/** The colour scale with its greatest speed, and the grey scale below. */
function bars(rgb: Uint8Array, seed: string): void {
  const { columns } = SCREEN;
  const left = 598;
  const words = new Float32Array(SCREEN.columns * SCREEN.rows);
  const speed = (28 + randomOf(`${seed}/scale`).below(12)).toFixed(1);
  drawText(words, columns, `+${speed}`, 588, 64, 1.5, 200);
  drawText(words, columns, `-${speed}`, 588, 188, 1.5, 200);
  drawText(words, columns, "CM/S", 592, 202, 1.5, 200);
  for (let at = 0; at < words.length; at++) {
    const value = words[at] as number;
    if (value > 0) put(rgb, at, value, value, value);
  }
  for (let j = 0; j < 102; j++) {
    const flow = 1 - j / 51;
    const [r, g, b] = Math.abs(flow) < 0.05 ? [0, 0, 0] : flowColour(flow);
    for (let i = 0; i < 14; i++) put(rgb, (80 + j) * columns + left + i, r, g, b);
  }
  for (let j = 0; j < 102; j++) {
    for (let i = 0; i < 14; i++) put(rgb, (226 + j) * columns + left + i, 255 - j * 2.5, 255 - j * 2.5, 255 - j * 2.5);
  }
}

/** The outline of the box in which flow is looked for. */
function boxOutline(rgb: Uint8Array): void {
  const at = (depth: number, angle: number): void => {
    const radius = FAN.skin + depth * FAN.pixelsPerCm;
    const x = Math.round(FAN.apexX + radius * Math.sin(angle));
    const y = Math.round(FAN.apexY + radius * Math.cos(angle));
    put(rgb, y * SCREEN.columns + x, 212, 200, 140);
  };
  for (let t = 0; t <= 1; t += 0.003) {
    at(BOX.near, BOX.from + t * (BOX.to - BOX.from));
    at(BOX.far, BOX.from + t * (BOX.to - BOX.from));
    at(BOX.near + t * (BOX.far - BOX.near), BOX.from);
    at(BOX.near + t * (BOX.far - BOX.near), BOX.to);
  }
}

/** One frame over the background: tissue moves with the breath, speckle with it, blood with the heart. */
function frame(rgb: Uint8Array, number: number, seed: number, p: Parts): void {
  const breath = Math.sin((number / 40) * Math.PI * 2);
  const phase = (number % BEAT) / BEAT;
  for (const { at, depth, angle, x, y } of p.pixels) {
    const bodyX = x + 0.05 * breath;
    const bodyY = y - 0.16 * breath * Math.min(1, depth / 3) + 0.02 * Math.sin(phase * Math.PI * 2);
    const rough = sample2(p.rough, bodyX * 3.2 + seed, bodyY * 3.2);
    const axial = depth * 21 - 3.4 * breath + seed;
    const lateral = angle * 260 + number * 0.12;
    const real = sample2(p.a, lateral, axial);
    const imaginary = sample2(p.b, lateral, axial);
    const power = real * real + imaginary * imaginary;
    const echo = echoAt(bodyX, bodyY, rough) + 4.3 * Math.log(power + 0.02);
    const focus = 1 - (0.12 * Math.abs(depth - 7)) / 7;
    const grey = clamp((76 + 3.1 * echo) * focus, 3, 250);
    if (inBox(depth, angle)) {
      const flow = flowAt(bodyX, bodyY, phase, rough * 0.8 + 0.5 * real);
      if (Math.abs(flow) > 0.13 && grey < 120) {
        const [r, g, b] = flowColour(flow);
        put(rgb, at, r, g, b);
        continue;
      }
    }
    put(rgb, at, grey, grey, grey * 1.0);
  }
  boxOutline(rgb);
}

/** The frames of a loop as RGB, 640 × 480 each, in one array. */
export function ultrasoundLoop(frames: number, text: ScreenText, label: string): Uint8Array {
  parts ??= partsOf();
  const random = randomOf(label);
  const seed = random.between(0, 100);
  const background = chrome(text, label);
  const loop = new Uint8Array(background.length * frames);
  for (let number = 0; number < frames; number++) {
    const rgb = loop.subarray(number * background.length, (number + 1) * background.length);
    rgb.set(background);
    frame(rgb, number, seed, parts);
  }
  return loop;
}
