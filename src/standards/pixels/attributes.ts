/**
 * What of a data set it takes to turn stored pixels into a picture, as plain values that survive JSON or a pipe. It can be
 * filled from a data set or from DICOM JSON (`pixelAttributesFromJson`); nothing in it is trusted before `readPixelFormat`.
 */
export type PixelAttributes = {
  rows: number;
  columns: number;
  samplesPerPixel: number;
  bitsAllocated: number;
  bitsStored?: number | undefined;
  highBit?: number | undefined;
  pixelRepresentation?: number | undefined;
  photometricInterpretation: string;
  planarConfiguration?: number | undefined;
  /** Which element holds the pixels: Pixel Data, Float Pixel Data or Double Float Pixel Data. */
  pixels?: "integer" | "float" | "double" | undefined;
  rescaleSlope?: number | undefined;
  rescaleIntercept?: number | undefined;
  modalityLut?: Lut | undefined;
  windows?: Window[] | undefined;
  voiFunction?: string | undefined;
  voiLut?: Lut | undefined;
  presentationShape?: string | undefined;
  palette?: Palette | undefined;
  pixelPadding?: number | undefined;
  pixelPaddingLimit?: number | undefined;
  /** Pixel Aspect Ratio (or the ratio of Pixel Spacing): height of a pixel divided by its width. */
  pixelAspect?: number | undefined;
};

/** PS3.3 §C.11.2.1.2: Window Center and Window Width, in units of the modality LUT's output. */
export type Window = { center: number; width: number };

/** PS3.3 §C.11.1.1: `values[0]` is for every input up to `first`, the last one for every input past the end. */
export type Lut = { first: number; bits: number; values: Uint16Array };

/** PS3.3 §C.7.6.3.1.5 and §C.7.9: one table per primary; segmented data are expanded before they come here. */
export type Palette = { red: Lut; green: Lut; blue: Lut };
