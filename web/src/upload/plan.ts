import type { Source } from "./gather.ts";
import type { About, Probed } from "./probe.ts";

/** What was found, as patients with studies with series; pure. */
export type Plan = {
  patients: PlannedPatient[];
  whole: Source[];
  unreadable: Source[];
  ignored: string[];
  /** Files a DICOMDIR names that are not here. */
  missing: number;
};
export type PlannedPatient = {
  key: string;
  id: string;
  name: string;
  birthDate: string;
  sex: string;
  studies: PlannedStudy[];
};
export type PlannedStudy = {
  uid: string;
  date: string;
  description: string;
  modalities: string[];
  series: PlannedSeries[];
  bytes: number;
};
export type PlannedSeries = { uid: string; description: string; modality: string; files: Source[] };

export function planOf(found: readonly { source: Source; probed: Probed }[], whole: readonly Source[]): Plan {
  const plan: Plan = { patients: [], whole: [...whole], unreadable: [], ignored: [], missing: missingOf(found) };
  const patients = new Map<string, PlannedPatient>();
  for (const { source, probed } of found) {
    if (probed.is === "ignored") plan.ignored.push(source.path);
    else if (probed.is === "unreadable") plan.unreadable.push(source);
    else if (probed.is === "instance") place(patients, source, probed.about);
  }
  plan.patients = [...patients.values()].sort((one, two) => one.name.localeCompare(two.name));
  return plan;
}

function place(patients: Map<string, PlannedPatient>, source: Source, about: About): void {
  const key = `${about.patientId}\u0000${about.patientName}\u0000${about.birthDate}`;
  const patient = patients.get(key) ?? {
    key,
    id: about.patientId,
    name: about.patientName,
    birthDate: about.birthDate,
    sex: about.sex,
    studies: [],
  };
  patients.set(key, patient);
  let study = patient.studies.find((one) => one.uid === about.studyUid);
  if (!study) {
    study = {
      uid: about.studyUid,
      date: about.studyDate,
      description: about.studyDescription,
      modalities: [],
      series: [],
      bytes: 0,
    };
    patient.studies.push(study);
  }
  let series = study.series.find((one) => one.uid === about.seriesUid);
  if (!series) {
    series = { uid: about.seriesUid, description: about.seriesDescription, modality: about.modality, files: [] };
    study.series.push(series);
  }
  if (about.modality && !study.modalities.includes(about.modality)) study.modalities.push(about.modality);
  series.files.push(source);
  study.bytes += source.size;
}

/** PS3.3 §F: file IDs are upper-case parts relative to the DICOMDIR; discs are copied with other letter cases. */
function missingOf(found: readonly { source: Source; probed: Probed }[]): number {
  const here = new Set(found.map(({ source }) => source.path.toLowerCase()));
  let missing = 0;
  for (const { source, probed } of found) {
    if (probed.is !== "directory") continue;
    const folder = source.path.toLowerCase().replace(/[^/]*$/, "");
    for (const file of probed.files) {
      const path = `${folder}${file.toLowerCase()}`;
      if (!here.has(path) && !here.has(`${path}.dcm`)) missing++;
    }
  }
  return missing;
}

/** The files of the chosen studies, and what only the server can judge. */
export function filesToSend(plan: Plan, chosen: ReadonlySet<string>): Source[] {
  const files = plan.patients.flatMap((patient) =>
    patient.studies
      .filter((study) => chosen.has(studyKey(patient, study)))
      .flatMap((study) => study.series.flatMap((series) => series.files)),
  );
  return [...files, ...plan.unreadable, ...plan.whole];
}

export const studyKey = (patient: PlannedPatient, study: PlannedStudy): string => `${patient.key}\u0000${study.uid}`;
export const filesOf = (study: PlannedStudy): number =>
  study.series.reduce((sum, series) => sum + series.files.length, 0);
