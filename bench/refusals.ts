import { uuidv7 } from "#kit/uuid.ts";
import { ask } from "../test/access/ask.ts";
import type { ActorName, StudyName } from "../test/access/expected.ts";
import { cast, type Target } from "../test/access/people.ts";
import { AccessHouse } from "../test/support/access-house.ts";

/**
 * Acceptance 5, the clock: does the time of a refusal tell whether a study is there? Unknown and forbidden are asked in turns,
 * so that whatever slows the machine down slows both; the difference of their medians must stay below a third of the spread.
 * The suite counts statements instead (test/access/alike.test.ts); this is what a stranger with a stopwatch would do.
 */
const ROUNDS = Number(process.argv[2] ?? 300);
const MOST = 1 / 3;

type Route = { name: string; method: string; path: (study: Target) => string };
const ROUTES: readonly Route[] = [
  { name: "metadata", method: "GET", path: ({ owner, uid }) => `/dicomweb/orgs/${owner}/studies/${uid}/metadata` },
  { name: "files", method: "GET", path: ({ owner, uid }) => `/dicomweb/orgs/${owner}/studies/${uid}` },
  { name: "series", method: "GET", path: ({ owner, uid }) => `/dicomweb/orgs/${owner}/studies/${uid}/series` },
  { name: "study", method: "GET", path: ({ owner, id }) => `/api/studies/${owner}/${id}` },
  { name: "report", method: "GET", path: ({ owner, id }) => `/api/studies/${owner}/${id}/report` },
];
const ASKERS: readonly (readonly [ActorName, StudyName])[] = [
  ["owner:administrator", "plain"],
  ["owner:referrer", "taken"],
  ["partner:radiologist", "plain"],
  ["partner:radiologist", "revoked"],
  ["other.read", "viewed"],
];

const house = await AccessHouse.open();
const all = await cast(house);

const unknown = (): Target => ({
  ...all.studies.plain,
  id: uuidv7(),
  uid: `2.25.${BigInt(`0x${uuidv7().replaceAll("-", "")}`)}`,
});

async function timeOf(who: ActorName, { method, path }: Route, study: Target): Promise<number> {
  const began = performance.now();
  await ask(house.url, all.credentials[who], { method, path: path(study), headers: { accept: "*/*" } });
  return performance.now() - began;
}

const quantile = (sorted: readonly number[], part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;

let worst = 0;
for (const [who, name] of ASKERS) {
  for (const route of ROUTES) {
    const times: { unknown: number[]; forbidden: number[] } = { unknown: [], forbidden: [] };
    for (let round = -20; round < ROUNDS; round++) {
      const kinds = ["unknown", "forbidden"] as const;
      for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
        const time = await timeOf(who, route, kind === "unknown" ? unknown() : all.studies[name]);
        if (round >= 0) times[kind].push(time);
      }
    }
    const [one, other] = [times.unknown.sort((a, b) => a - b), times.forbidden.sort((a, b) => a - b)];
    const both = [...one, ...other].sort((a, b) => a - b);
    const spread = quantile(both, 0.75) - quantile(both, 0.25);
    const apart = Math.abs(quantile(one, 0.5) - quantile(other, 0.5)) / spread;
    worst = Math.max(worst, apart);
    process.stdout.write(
      `${who}, ${name}, ${route.name}: unknown ${quantile(one, 0.5).toFixed(2)} ms, forbidden ${quantile(other, 0.5).toFixed(2)} ms, apart ${apart.toFixed(2)} of the spread\n`,
    );
  }
}
await house.close();
process.stdout.write(`worst ${worst.toFixed(2)} of the spread, at most ${MOST.toFixed(2)} is taken\n`);
process.exitCode = worst <= MOST ? 0 : 1;
