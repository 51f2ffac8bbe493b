import { Readable } from "node:stream";
import type { z } from "zod";
import type { ReportText } from "#contract/studies.ts";
import type { Actor } from "#features/audit/actor.ts";
import { systemActor } from "#features/audit/actor.ts";
import { createOrganisation } from "#features/people/organisation-actions.ts";
import { saveDraft, signReport } from "#features/reports/actions.ts";
import { shareStudy } from "#features/sharing/actions.ts";
import { recordAgreement } from "#features/sharing/agreement-actions.ts";
import { receiveInstance } from "#features/studies/actions.ts";
import { CLINICS, DEMO_STUDIES, withPriors } from "#phantoms/demo-studies.ts";
import { generateStudy } from "#phantoms/generate.ts";
import type { StudyRecipe } from "#phantoms/record/recipe.ts";
import type { Serving } from "../routes.ts";
import { actorOf, type DemoPerson, demoPerson } from "./people.ts";
import { REPORTS } from "./reports.ts";

const SEED = "safelight demo";
const YEAR_MS = 365 * 86_400_000;
const COLOURS = { umzimvubu: "#c8401a", karoo: "#8a5a00", bay: "#1f6aa5", nord: "#1d7a4f" } as const;

export type Demo = {
  clinic: DemoPerson;
  radiologist: DemoPerson;
  referrer: DemoPerson;
  patientStudy: { owner: string; id: string; birthDate: string };
};
type Clinic = { id: string; desk: DemoPerson; agreement: string };

/** Fills an empty server: four clinics, a reading group, their people, agreements, studies, a report and what is shared. */
export async function seedDemo(serving: Serving, say: (line: string) => void): Promise<Demo> {
  const { node } = serving;
  const group = await createOrganisation(
    node,
    { name: "Reyes Reading Group", kind: "reading-group", colour: "#5aa2d8" },
    "demo",
  );
  const radiologist = await demoPerson(serving, group.id, "reyes@reading-group.example", "Dr A. Reyes", [
    "radiologist",
  ]);
  const clinics = new Map<string, Clinic>();
  for (const [key, recipe] of Object.entries(CLINICS))
    clinics.set(recipe.name, await openClinic(serving, key as keyof typeof CLINICS, group.id));
  const umzimvubu = clinics.get(CLINICS.umzimvubu.name);
  if (!umzimvubu) throw new Error("the demonstration has no clinic");
  const referrer = await demoPerson(serving, umzimvubu.id, "mokoena@umzimvubu.example", "Dr T. Mokoena", ["referrer"]);
  const studies = await storeStudies(serving, clinics, say);
  for (const { recipe, clinic, study } of studies)
    if (DEMO_STUDIES.includes(recipe)) await shareWithGroup(serving, clinic, study, group.id);
  const first = studies.find(({ recipe }) => recipe === DEMO_STUDIES[0]);
  if (!first) throw new Error("the demonstration has no study");
  for (const { recipe, clinic, study } of studies) {
    const text = REPORTS[recipe.label];
    if (text) await writeReport(serving, actorOf(radiologist), { owner: clinic.id, study, text });
  }
  await shareStudy(node, actorOf(umzimvubu.desk), {
    owner: umzimvubu.id,
    study: first.study,
    subject: { kind: "person", email: referrer.email },
    purpose: "care",
    basis: { kind: "own-care" },
    rights: ["view", "download"],
    withPriors: true,
    expiresInDays: 30,
  });
  return {
    clinic: umzimvubu.desk,
    radiologist,
    referrer,
    patientStudy: { owner: first.clinic.id, id: first.study, birthDate: first.recipe.patient.born },
  };
}

async function openClinic(serving: Serving, key: keyof typeof CLINICS, group: string): Promise<Clinic> {
  const { node } = serving;
  const recipe = CLINICS[key];
  const jurisdiction = key === "nord" ? "DE" : "ZA";
  const { id } = await createOrganisation(
    node,
    {
      name: recipe.name,
      kind: "clinic",
      colour: COLOURS[key],
      jurisdiction,
      languages: key === "nord" ? ["de", "en"] : ["en", "af", "zu"],
    },
    "demo",
  );
  const desk = await demoPerson(
    serving,
    id,
    `desk@${key}.example`,
    key === "umzimvubu" ? "Naledi Dube" : `Front desk, ${recipe.name}`,
    ["administrator", "radiographer", "privacy-officer"],
  );
  const [from, until] = [new Date(Date.now() - 30 * 86_400_000), new Date(Date.now() + YEAR_MS)];
  const agreement = await recordAgreement(node, actorOf(desk), {
    partner: group,
    kind: jurisdiction === "DE" ? "processor" : "operator",
    reference: `RRG-${key.toUpperCase()}-1`,
    purposes: ["care", "second-opinion"],
    countries: [jurisdiction],
    from: from.toISOString(),
    until: until.toISOString(),
  });
  return { id, desk, agreement: agreement.id };
}

type Stored = { recipe: StudyRecipe; clinic: Clinic; study: string };

async function storeStudies(
  { node }: Serving,
  clinics: ReadonlyMap<string, Clinic>,
  say: (line: string) => void,
): Promise<Stored[]> {
  const moment = { seed: SEED, now: new Date() };
  const recipes = withPriors(DEMO_STUDIES).reverse(); // priors arrive before what they are compared with, the main study last
  const stored: Stored[] = [];
  for (const [at, recipe] of recipes.entries()) {
    const clinic = clinics.get(recipe.clinic.name);
    if (!clinic) continue;
    say(`Drawing and storing study ${at + 1} of ${recipes.length}: ${recipe.description}, ${recipe.clinic.name}`);
    const who = systemActor(clinic.id, "demo");
    let study = "";
    const waiting = new Set<Promise<unknown>>();
    for (const { part10 } of generateStudy(recipe, moment)) {
      const storing = receiveInstance(node, who, {
        bytes: Readable.from([part10]),
        bare: null,
        source: "import:demo",
      }).then((received) => {
        study = received.study;
        waiting.delete(storing);
      });
      waiting.add(storing);
      if (waiting.size >= 4) await Promise.race(waiting);
    }
    await Promise.all(waiting);
    stored.push({ recipe, clinic, study });
  }
  return stored;
}

async function shareWithGroup({ node }: Serving, clinic: Clinic, study: string, group: string): Promise<void> {
  const proposal = {
    owner: clinic.id,
    study,
    subject: { kind: "organisation" as const, id: group },
    purpose: "care" as const,
    rights: ["view" as const, "download" as const, "report" as const],
    withPriors: true,
    expiresInDays: 90,
  };
  await shareStudy(node, actorOf(clinic.desk), {
    ...proposal,
    basis: { kind: "agreement", id: clinic.agreement },
  });
}

type ReportOn = { owner: string; study: string; text: z.input<typeof ReportText> };

async function writeReport({ node }: Serving, reader: Actor, { owner, study, text }: ReportOn): Promise<void> {
  const { version, sha256 } = await saveDraft(node, reader, { owner, study, text, base: 0 });
  await signReport(node, reader, { owner, study, status: "final", version, sha256 });
}
