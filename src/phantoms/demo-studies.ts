import type { Pose } from "#phantoms/head/pose.ts";
import type { ClinicRecipe, PatientRecipe, StudyRecipe } from "#phantoms/record/recipe.ts";

/** Every clinic and person in here is invented. */
export const CLINICS = {
  umzimvubu: { name: "Umzimvubu Clinic", address: "14 Hope Street, Kokstad, KwaZulu-Natal", issuer: "UMZIMVUBU" },
  karoo: { name: "Karoo Rural Hospital", address: "Voortrekker Road 3, Beaufort West", issuer: "KAROO" },
  bay: { name: "Bay Imaging", address: "201 Harbour View, Gqeberha", issuer: "BAYIMAGING" },
  nord: { name: "Praxis Nord", address: "Hafenstraße 21, 24103 Kiel", issuer: "PRAXISNORD" },
} as const satisfies Record<string, ClinicRecipe>;

const nkosi: PatientRecipe = { name: "Nkosi^Ayanda", id: "448120", born: "19870419", sex: "F" };
const khumalo: PatientRecipe = { name: "Khumalo^Thandi", id: "441009", born: "19900811", sex: "F" };
const botha: PatientRecipe = { name: "Botha^Annelie", id: "100871", born: "19620127", sex: "F" };
const vanWyk: PatientRecipe = { name: "van Wyk^Lena", id: "287650", born: "19711002", sex: "F" };
const simic: PatientRecipe = { name: "Šimić^Luka", id: "P-88013", born: "19790606", sex: "M" };
const obrien: PatientRecipe = { name: "O’Brien^Maeve", id: "P-20118", born: "19490315", sex: "F" };
const yamada: PatientRecipe = {
  name: "Yamada^Tarou=山田^太郎=やまだ^たろう",
  id: "512274",
  born: "19560930",
  sex: "M",
};
const weber: PatientRecipe = { name: "Weber^Klara", id: "P-88471", born: "20010222", sex: "F" };
const dlamini: PatientRecipe = { name: "Dlamini^Sipho", id: "500412", born: "20160507", sex: "M" };

const mokoena = "Mokoena^Thabo^^Dr";
const straight: Pose = { turn: [3, -1.5, 2], move: [1, 4, 0], scale: 0.985 };

const nkosiCtBefore: StudyRecipe = {
  label: "nkosi-ct-head-before",
  clinic: CLINICS.umzimvubu,
  patient: nkosi,
  description: "CT head without contrast",
  bodyPart: "HEAD",
  daysAgo: 659,
  time: "1022",
  accession: "UMZ-0203117",
  referrer: mokoena,
  contents: [
    {
      is: "ct-head",
      head: { brain: { atrophy: 0.25 } },
      pose: { turn: [1, 1, -2.5], move: [-2, 3, 1], scale: 0.985 },
      step: 2,
      withThick: true,
    },
    {
      is: "report",
      findings: [
        "No intracranial haemorrhage, no extra-axial collection.",
        "Ventricles and sulci are normal for age. The midline is not displaced.",
        "No fracture. Paranasal sinuses and mastoid cells are aerated.",
      ],
      impression: "Normal CT of the head.",
    },
  ],
  priors: [],
};

const nkosiChestBefore: StudyRecipe = {
  label: "nkosi-chest-before",
  clinic: CLINICS.umzimvubu,
  patient: nkosi,
  description: "XR chest PA",
  bodyPart: "CHEST",
  daysAgo: 1201,
  time: "0915",
  accession: "UMZ-0108442",
  referrer: mokoena,
  contents: [{ is: "chest", chest: { label: "nkosi", size: 0.97, breasts: 0.7 } }],
  priors: [],
};

const nkosiCt: StudyRecipe = {
  label: "nkosi-ct-head",
  clinic: CLINICS.umzimvubu,
  patient: nkosi,
  description: "CT head without contrast",
  bodyPart: "HEAD",
  daysAgo: 0,
  time: "0641",
  accession: "UMZ-0311924",
  referrer: mokoena,
  contents: [
    {
      is: "ct-head",
      head: { brain: { atrophy: 0.25 }, bleed: { thickness: 15.8, shift: 4 } },
      pose: straight,
      step: 1,
      withThick: true,
    },
    {
      is: "measurement",
      name: "Right convexity collection",
      millimetres: 14.2,
      slice: 18,
      line: [118.9, 246, 149.2, 247],
    },
  ],
  priors: [nkosiCtBefore, nkosiChestBefore],
};

const khumaloChest: StudyRecipe = {
  label: "khumalo-chest",
  clinic: CLINICS.umzimvubu,
  patient: khumalo,
  description: "XR chest PA",
  bodyPart: "CHEST",
  daysAgo: 0,
  time: "0556",
  accession: "UMZ-0311920",
  referrer: "Ndlovu^Sibongile^^Sr",
  contents: [
    {
      is: "chest",
      chest: {
        label: "khumalo",
        size: 1,
        breasts: 0.8,
        opacity: { x: -80, y: 34, radius: 48, density: 0.42 },
        effusion: 14,
      },
    },
  ],
  priors: [
    {
      label: "khumalo-chest-before",
      clinic: CLINICS.umzimvubu,
      patient: khumalo,
      description: "XR chest PA",
      bodyPart: "CHEST",
      daysAgo: 196,
      time: "1140",
      accession: "UMZ-0297310",
      referrer: "Ndlovu^Sibongile^^Sr",
      contents: [
        { is: "chest", chest: { label: "khumalo", size: 1.01, breasts: 0.8 } },
        {
          is: "pdf",
          title: "Report: XR chest",
          lines: [
            "Heart and mediastinum are of normal size and shape. Both lungs are clear. No pleural effusion, no pneumothorax. The bones show nothing remarkable.",
            "Impression: normal chest radiograph.",
            "Dr Carmen Reyes, Reyes Reading Group",
          ],
        },
      ],
      priors: [],
    },
  ],
};

const bothaMammography: StudyRecipe = {
  label: "botha-mammography",
  clinic: CLINICS.bay,
  patient: botha,
  description: "MG screening, both breasts",
  bodyPart: "BREAST",
  daysAgo: 1,
  time: "1430",
  accession: "BAY-77120",
  referrer: "Jacobs^Riaan^^Dr",
  contents: [{ is: "mammography", label: "botha", density: 0.5, mass: true }],
  priors: [
    {
      label: "botha-mammography-before",
      clinic: CLINICS.bay,
      patient: botha,
      description: "MG screening, both breasts",
      bodyPart: "BREAST",
      daysAgo: 742,
      time: "0950",
      accession: "BAY-60344",
      referrer: "Jacobs^Riaan^^Dr",
      contents: [{ is: "mammography", label: "botha", density: 0.56, mass: false }],
      priors: [],
    },
  ],
};

const vanWykAbdomen: StudyRecipe = {
  label: "van-wyk-abdomen",
  clinic: CLINICS.karoo,
  patient: vanWyk,
  description: "US abdomen",
  bodyPart: "ABDOMEN",
  daysAgo: 0,
  time: "0612",
  accession: "KRH-20431",
  referrer: "Pretorius^Hanlie^^Dr",
  contents: [{ is: "ultrasound", frames: 36 }],
  priors: [],
};

const simicBrain: StudyRecipe = {
  label: "simic-brain",
  clinic: CLINICS.nord,
  patient: simic,
  description: "MR brain",
  bodyPart: "BRAIN",
  daysAgo: 1,
  time: "1615",
  accession: "PN-448812",
  referrer: "Schröder^Anke^^Dr",
  contents: [
    {
      is: "mr-head",
      head: { brain: { atrophy: 0.35 } },
      pose: { turn: [1, 0, 1], move: [2, -1, 3], scale: 1.02 },
      tilt: -14,
    },
  ],
  priors: [],
};

const weberBrain: StudyRecipe = {
  label: "weber-brain",
  clinic: CLINICS.nord,
  patient: weber,
  description: "MR brain",
  bodyPart: "BRAIN",
  daysAgo: 2,
  time: "1105",
  accession: "PN-448790",
  referrer: "Schröder^Anke^^Dr",
  contents: [
    {
      is: "mr-head",
      head: { brain: { atrophy: 0.05 } },
      pose: { turn: [0, 0.5, -1], move: [0, 0, 0], scale: 0.96 },
      tilt: 0,
    },
  ],
  priors: [],
};

const obrienChest: StudyRecipe = {
  label: "obrien-chest",
  clinic: CLINICS.nord,
  patient: obrien,
  description: "XR chest PA",
  bodyPart: "CHEST",
  daysAgo: 1,
  time: "0834",
  accession: "PN-448801",
  referrer: "Schröder^Anke^^Dr",
  contents: [{ is: "chest", chest: { label: "obrien", size: 0.94, breasts: 0.9, effusion: 30 } }],
  priors: [],
};

const yamadaChest: StudyRecipe = {
  label: "yamada-chest",
  clinic: CLINICS.bay,
  patient: yamada,
  description: "XR chest PA",
  bodyPart: "CHEST",
  daysAgo: 2,
  time: "1010",
  accession: "BAY-77098",
  referrer: "Naidoo^Priya^^Dr",
  contents: [
    {
      is: "chest",
      chest: { label: "yamada", size: 1.03, breasts: 0, opacity: { x: 74, y: -96, radius: 24, density: 0.5 } },
    },
  ],
  priors: [],
};

const dlaminiLetter: StudyRecipe = {
  label: "dlamini-letter",
  clinic: CLINICS.umzimvubu,
  patient: dlamini,
  description: "XR elbow, left: report from outside",
  bodyPart: "ELBOW",
  daysAgo: 3,
  time: "1320",
  accession: "UMZ-0311511",
  referrer: mokoena,
  contents: [
    {
      is: "pdf",
      title: "Report: XR elbow, left",
      lines: [
        "Supracondylar fracture of the left humerus without displacement; joint effusion with raised fat pads. The radial head and the capitellum stand in line.",
        "Impression: undisplaced supracondylar fracture (Gartland I). Immobilise, control after one week.",
        "Dr T. Mokoena, Umzimvubu Clinic",
      ],
    },
  ],
  priors: [],
};

/** The demonstration's studies, newest and most urgent first; their priors hang on them. */
export const DEMO_STUDIES: readonly StudyRecipe[] = [
  nkosiCt,
  vanWykAbdomen,
  khumaloChest,
  bothaMammography,
  simicBrain,
  obrienChest,
  weberBrain,
  yamadaChest,
  dlaminiLetter,
];

/** The recipes and, after each, its priors. */
export const withPriors = (recipes: readonly StudyRecipe[]): StudyRecipe[] =>
  recipes.flatMap((recipe) => [recipe, ...recipe.priors]);
