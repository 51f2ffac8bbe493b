import { type PatientIdentity, samePerson } from "#standards/dicom/same-person.ts";

/** Which priors go along with a study: those of surely the same person. Where name or birth date leave a doubt they stay in the house. */
export function priorsGoing<Prior extends PatientIdentity>(study: PatientIdentity, priors: readonly Prior[]): Prior[] {
  return priors.filter((prior) => samePerson(study, prior) === "same");
}

/** Priors that name their patient otherwise than the study does: whoever shares sees whose they are. */
export function spelledOtherwise<Prior extends PatientIdentity>(
  { name, birthDate }: PatientIdentity,
  priors: readonly Prior[],
): Prior[] {
  return priors.filter((prior) => prior.name !== name || prior.birthDate !== birthDate);
}
