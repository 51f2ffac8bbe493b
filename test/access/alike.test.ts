import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { uuidv7 } from "#kit/uuid.ts";
import { AccessHouse } from "../support/access-house.ts";
import { COUNTED, Statements } from "../support/statements.ts";
import { ask, type Heard, inTurns, shape } from "./ask.ts";
import { ACTORS, type ActorName, may, STRANGERS, type StudyName } from "./expected.ts";
import { type Cast, cast, type Target } from "./people.ts";

/** Acceptance 5: what is forbidden answers as what is unknown, in status, words, headers and the work it costs. */
let house: AccessHouse;
let all: Cast;

before(async () => {
  house = await AccessHouse.open();
  all = await cast(house);
});
after(() => house.close());

const KNOWN = ACTORS.filter((who) => !STRANGERS.includes(who));
const FORBIDDEN = ["plain", "expired", "ended", "named"] as const satisfies StudyName[];

type Route = { method: string; path: (study: Target) => string; body?: (study: Target) => object };

const LEVELS = ["", "/series/S", "/series/S/instances/I"];
const INSTANCE = "/series/S/instances/I";
const DICOMWEB: readonly Route[] = [
  ...LEVELS.flatMap((level) => ["", "/metadata", "/rendered", "/thumbnail"].map((end) => level + end)),
  ...["/frames/1", "/frames/1/rendered", "/frames/1/thumbnail", "/frames/7", "/bulkdata/7FE00010"].map(
    (end) => INSTANCE + end,
  ),
  ...["/series", "/instances", "/series/S/instances"],
].map((path) => ({
  method: "GET",
  path: (study) =>
    `/dicomweb/orgs/${study.owner}/studies/${study.uid}${path.replace("S", study.seriesUid).replace("/I", `/${study.instanceUid}`)}`,
}));

const text = { indication: "", comparison: "", findings: "New.", impression: "" };
const read = { version: 1, sha256: "0".repeat(64) };
const proposal = { subject: { kind: "link", recipient: "R" }, purpose: "care", basis: { kind: "own-care" } };
const consentOf = (study: Target) => ({
  ...{ studyOwner: study.owner, study: study.id, formVersion: uuidv7(), decision: "given", givenBy: "self" },
  ...{ purposes: ["teaching"], channel: "paper" },
});
const below = (study: Target, end = ""): string => `/api/studies/${study.owner}/${study.id}${end}`;
const API: readonly Route[] = [
  { method: "GET", path: (study) => below(study) },
  { method: "GET", path: (study) => below(study, "/report") },
  { method: "GET", path: (study) => below(study, "/report.pdf") },
  { method: "GET", path: (study) => below(study, "/access") },
  { method: "PUT", path: (study) => below(study, "/report"), body: () => ({ ...text, base: 0 }) },
  { method: "POST", path: (study) => below(study, "/report/take-over"), body: () => read },
  { method: "POST", path: (study) => below(study, "/report/sign"), body: () => ({ ...read, status: "final" }) },
  { method: "POST", path: (study) => below(study, "/share/verdict"), body: () => proposal },
  { method: "POST", path: (study) => below(study, "/share"), body: () => proposal },
  { method: "GET", path: (study) => `/api/patients/${study.patient}/consents` },
  { method: "POST", path: (study) => `/api/patients/${study.patient}/consents`, body: consentOf },
];

/** A study that nobody ever stored, of that organisation. */
function unknownOf({ owner }: Target): Target {
  const uid = `2.25.${BigInt(`0x${uuidv7().replaceAll("-", "")}`)}`;
  const id = uuidv7();
  return {
    ...{ owner, id, uid, patient: uuidv7(), patientName: "" },
    ...{ seriesUid: `${uid}.1`.slice(0, 64), instanceUid: `${uid}.2`.slice(0, 64), instance: uuidv7() },
  };
}

const send = (who: ActorName, route: Route, study: Target, headers: Record<string, string> = {}): Promise<Heard> =>
  ask(house.url, all.credentials[who], {
    ...{ method: route.method, path: route.path(study), headers: { accept: "*/*", ...headers } },
    body: route.body && JSON.stringify(route.body(study)),
  });

/** Routes that let an actor in by role, whatever they may see of the study: the owner's desk. */
function deskMay(who: ActorName, route: Route): boolean {
  const path = route.path(all.studies.plain);
  const role = who.startsWith("owner:") ? who.slice(6) : "";
  if (path.endsWith("/access") || (path.startsWith("/api/patients") && route.method === "GET"))
    return role !== "" && role !== "referrer";
  return /share|patients/.test(path) && ["radiographer", "radiologist", "privacy-officer"].includes(role);
}

test("forbidden and unknown are the same bytes under the same status and headers, on every route that names a study", async () => {
  const cases = KNOWN.flatMap((who) =>
    [...DICOMWEB, ...API].filter((route) => !deskMay(who, route)).map((route) => ({ who, route })),
  );
  await inTurns(cases, 6, async ({ who, route }) => {
    const nowhere = await send(who, route, unknownOf(all.studies.plain));
    for (const name of FORBIDDEN.filter((one) => !may(who, "v", one))) {
      const forbidden = await send(who, route, all.studies[name]);
      assert.equal(
        shape(forbidden),
        shape(nowhere),
        `${who}: ${route.method} ${route.path(all.studies[name])} (${name})`,
      );
    }
  });
});

test("an organisation that is not there answers as one that granted nothing", async () => {
  for (const who of ["partner:radiologist", "other:radiologist", "other.read"] as const) {
    for (const route of [...DICOMWEB, ...API]) {
      const stranger = { ...unknownOf(all.studies.plain), owner: uuidv7() };
      assert.equal(
        shape(await send(who, route, stranger)),
        shape(await send(who, route, all.studies.plain)),
        `${who}: ${route.path(stranger)}`,
      );
    }
  }
});

test("forbidden and unknown ask the database the same questions, at the first and at the next request", async () => {
  const counting = new Statements();
  const some: readonly ActorName[] = [
    "owner:administrator",
    "owner:referrer",
    "owner:auditor",
    "partner:radiologist",
    "partner:administrator",
    "other:radiologist",
    "owner.write",
    "owner.research",
    "partner.read",
  ];
  let number = 0;
  const costOf = async (who: ActorName, route: Route, study: Target): Promise<string[]> => {
    const name = String(++number);
    await send(who, route, study, { [COUNTED]: name });
    return counting.of(name);
  };
  counting.begin();
  try {
    for (const who of some) {
      await send(who, API[0] as Route, all.studies.plain); // what is noted once a minute is noted
      for (const route of [...DICOMWEB.filter((_, at) => at % 4 === 0), ...API].filter((one) => !deskMay(who, one))) {
        const unknown = unknownOf(all.studies.plain);
        for (const turn of ["first", "next"]) {
          const nowhere = await costOf(who, route, unknown);
          for (const name of ["plain", "expired", "revoked"] as const)
            assert.deepEqual(
              await costOf(who, route, all.studies[name]),
              nowhere,
              `${who}: ${route.path(unknown)} (${name}, ${turn})`,
            );
        }
      }
    }
  } finally {
    counting.end();
  }
  assert.ok(number > 500);
});
