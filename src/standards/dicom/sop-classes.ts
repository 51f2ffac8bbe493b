import { STORAGE } from "#standards/dicom/generated/storage-sop-classes.ts";
import type { Uid } from "#standards/dicom/uid.ts";

export type SopClass = { readonly uid: Uid; readonly name: string; readonly ciod: string };

/** PS3.4 table B.5-1: every storage SOP class of the standard, with the IOD it stores. */
export const STORAGE_SOP_CLASSES: readonly SopClass[] = STORAGE as unknown as readonly SopClass[];

const storageByUid = new Map<string, SopClass>(STORAGE_SOP_CLASSES.map((sopClass) => [sopClass.uid, sopClass]));

/** PS3.4 annexes A, C, J, K, F, CC, H: the other service classes that this product speaks of by name. */
export const SOP_CLASS = {
  verification: "1.2.840.10008.1.1",
  storageCommitmentPush: "1.2.840.10008.1.20.1",
  mediaStorageDirectory: "1.2.840.10008.1.3.10",
  modalityWorklist: "1.2.840.10008.5.1.4.31",
  modalityPerformedProcedureStep: "1.2.840.10008.3.1.2.3.3",
  patientRootFind: "1.2.840.10008.5.1.4.1.2.1.1",
  patientRootMove: "1.2.840.10008.5.1.4.1.2.1.2",
  patientRootGet: "1.2.840.10008.5.1.4.1.2.1.3",
  studyRootFind: "1.2.840.10008.5.1.4.1.2.2.1",
  studyRootMove: "1.2.840.10008.5.1.4.1.2.2.2",
  studyRootGet: "1.2.840.10008.5.1.4.1.2.2.3",
} as const;

/** The name of a storage or other known SOP class, or the UID itself. */
export function sopClassName(uid: string): string {
  const storage = storageByUid.get(uid);
  if (storage !== undefined) return storage.name;
  const other = Object.entries(SOP_CLASS).find(([, value]) => value === uid);
  return other === undefined ? uid : other[0];
}
