/** The screen of 640 × 480 pixels and the fan that a curved probe draws on it. */
export const SCREEN = { columns: 640, rows: 480 } as const;
export const FAN = { apexX: 318, apexY: -58, skin: 108, halfAngle: 0.61, pixelsPerCm: 23.6, depthCm: 15 } as const;
export const FRAME_TIME = 41.7; // milliseconds

const FAR = FAN.skin + FAN.depthCm * FAN.pixelsPerCm;

/** The smallest rectangle of the screen that holds the fan. */
export const FAN_BOX = {
  left: Math.floor(FAN.apexX - FAR * Math.sin(FAN.halfAngle)),
  right: Math.ceil(FAN.apexX + FAR * Math.sin(FAN.halfAngle)),
  top: Math.floor(FAN.apexY + FAN.skin * Math.cos(FAN.halfAngle)),
  bottom: Math.ceil(FAN.apexY + FAR),
} as const;

/** One pixel of the fan: where it is on the screen, its depth (cm) and its angle, and the body's coordinates (cm, x to the right, y deep). */
export type FanPixel = {
  readonly at: number;
  readonly depth: number;
  readonly angle: number;
  readonly x: number;
  readonly y: number;
};

/** All pixels inside the fan, worked out once. */
export function fanPixels(): FanPixel[] {
  const pixels: FanPixel[] = [];
  for (let j = FAN_BOX.top; j <= Math.min(FAN_BOX.bottom, SCREEN.rows - 1); j++) {
    for (let i = FAN_BOX.left; i <= FAN_BOX.right; i++) {
      const dx = i - FAN.apexX;
      const dy = j - FAN.apexY;
      const radius = Math.sqrt(dx * dx + dy * dy);
      const angle = Math.atan2(dx, dy);
      if (radius < FAN.skin || radius > FAR || Math.abs(angle) > FAN.halfAngle) continue;
      pixels.push({
        at: j * SCREEN.columns + i,
        depth: (radius - FAN.skin) / FAN.pixelsPerCm,
        angle,
        x: dx / FAN.pixelsPerCm,
        y: (j - FAN.apexY - FAN.skin) / FAN.pixelsPerCm,
      });
    }
  }
  return pixels;
}
