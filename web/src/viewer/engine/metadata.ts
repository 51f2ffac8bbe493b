import { Enums } from "@cornerstonejs/core";
import type { Frame } from "../dicom/frames.ts";
import { frameOf } from "./registry.ts";

const { CalibrationTypes, MetadataModules } = Enums;

/** What Cornerstone asks about an image, from our frame of it. */
export function metadataOf(type: string, imageId: unknown): unknown {
  const frame = typeof imageId === "string" ? frameOf(imageId) : undefined;
  return frame && MODULES[type]?.(frame);
}

const MODULES: Readonly<Record<string, (frame: Frame) => unknown>> = {
  [MetadataModules.IMAGE_PLANE]: planeOf,
  [MetadataModules.GENERAL_SERIES]: (frame) => ({ modality: frame.modality, seriesInstanceUID: frame.url }),
  [MetadataModules.GENERAL_IMAGE]: (frame) => ({
    sopInstanceUID: frame.sop,
    instanceNumber: frame.instanceNumber,
  }),
  [MetadataModules.SOP_COMMON]: (frame) => ({ sopClassUID: frame.sopClass, sopInstanceUID: frame.sop }),
  [MetadataModules.IMAGE_PIXEL]: (frame) => ({
    rows: frame.rows,
    columns: frame.columns,
    photometricInterpretation: frame.photometric,
    samplesPerPixel: frame.photometric.startsWith("MONOCHROME") ? 1 : 3,
    bitsAllocated: 16,
    bitsStored: 16,
    highBit: 15,
    pixelRepresentation: 1,
  }),
  [MetadataModules.MODALITY_LUT]: () => ({ rescaleSlope: 1, rescaleIntercept: 0 }),
  [MetadataModules.VOI_LUT]: (frame) => ({
    windowCenter: frame.windows.map(({ center }) => center),
    windowWidth: frame.windows.map(({ width }) => width),
  }),
  [MetadataModules.TRANSFER_SYNTAX]: (frame) => ({ transferSyntaxUID: frame.transferSyntax }),
  [MetadataModules.CALIBRATION]: calibrationOf,
  [MetadataModules.ULTRASOUND_ENHANCED_REGION]: (frame) => calibrationOf(frame).sequenceOfUltrasoundRegions,
  instance: (frame) => ({ SOPInstanceUID: frame.sop, SOPClassUID: frame.sopClass, Modality: frame.modality }),
};

function planeOf(frame: Frame): unknown {
  const [vertical, horizontal] = frame.spacing ?? [frame.aspect[0] / frame.aspect[1], 1];
  const row = frame.row ?? [1, 0, 0];
  const column = frame.column ?? [0, 1, 0];
  return {
    // Images without a frame of reference get their own, so that no marking wanders from one to another.
    frameOfReferenceUID: frame.frameOfReference || frame.url,
    rows: frame.rows,
    columns: frame.columns,
    rowCosines: [...row],
    columnCosines: [...column],
    imageOrientationPatient: [...row, ...column],
    imagePositionPatient: [...(frame.position ?? [0, 0, 0])],
    sliceThickness: frame.thickness,
    rowPixelSpacing: vertical,
    columnPixelSpacing: horizontal,
    usingDefaultValues: frame.spacing === undefined,
  };
}

/** How lengths on this image are to be read: by its regions where it is ultrasound, at the detector where it is a projection. */
export function calibrationOf(frame: Frame) {
  if (frame.regions.length === 0) {
    return frame.spacingAt === "detector" ? { type: CalibrationTypes.PROJECTION } : {};
  }
  return {
    sequenceOfUltrasoundRegions: frame.regions.map((region) => ({
      regionLocationMinX0: region.x0,
      regionLocationMinY0: region.y0,
      regionLocationMaxX1: region.x1,
      regionLocationMaxY1: region.y1,
      regionSpatialFormat: region.spatial,
      regionDataType: region.type,
      physicalUnitsXDirection: region.unitX,
      physicalUnitsYDirection: region.unitY,
      physicalDeltaX: region.deltaX,
      physicalDeltaY: region.deltaY,
      referencePixelX0: region.referenceX,
      referencePixelY0: region.referenceY,
    })),
  };
}
