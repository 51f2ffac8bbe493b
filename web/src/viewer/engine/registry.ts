import type { Frame } from "../dicom/frames.ts";

/** Every frame that the engine may be asked for, by the id that Cornerstone knows it under. */
const frames = new Map<string, Frame>();

export const SCHEME = "safelight";

export function register(frame: Frame): string {
  const imageId = `${SCHEME}:${frame.url}/frames/${frame.number}`;
  frames.set(imageId, frame);
  return imageId;
}

export const frameOf = (imageId: string): Frame | undefined => frames.get(imageId);

export const forgetFrames = (): void => frames.clear();
