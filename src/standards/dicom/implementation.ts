import type { Uid } from "#standards/dicom/uid.ts";

/** PS3.7 §D.3.3.2: names this software in file meta information and associations; derived from a UUID (PS3.5 annex B.2). */
export const IMPLEMENTATION_CLASS_UID = "2.25.150804479540672818508547537274427860295" as Uid;
export const IMPLEMENTATION_VERSION_NAME = "SAFELIGHT_0_1";
