import type { Look } from "#platform/decoders/wire.ts";

/** What holders of links may choose from: a few fixed ways to look, and nothing between them. Pure. */

type Way = Pick<Look, "window" | "voiFunction" | "gamma">;
type Named = { key: string; label: string; way: Way };

const ct = (key: string, label: string, center: number, width: number): Named => ({
  key,
  label,
  way: { window: { center, width }, voiFunction: "LINEAR" },
});

const DEFAULT: Named = { key: "default", label: "Normal", way: {} };
/** In Hounsfield units. */
const CT: readonly Named[] = [
  DEFAULT,
  ct("brain", "Brain", 40, 80),
  ct("soft", "Soft tissue", 40, 400),
  ct("lung", "Lung", -600, 1500),
  ct("bone", "Bone", 480, 2500),
];
/** Everywhere else the finished picture is bent: it holds nothing that the normal one does not. */
const OTHERS: readonly Named[] = [
  DEFAULT,
  { key: "brighter", label: "Brighter", way: { gamma: 1.6 } },
  { key: "darker", label: "Darker", way: { gamma: 0.6 } },
];

const setOf = (modalities: readonly string[]) => (modalities.includes("CT") ? CT : OTHERS);

/** PS3.16 annex L, Body Part Examined: parts that have no lung in them, and parts that have no brain. */
const HEAD = ["HEAD", "SKULL", "BRAIN", "FACE", "EYE", "ORBIT", "EAR", "IAC", "PARANASALSINUS", "SELLA"].concat([
  "MANDIBLE",
  "MAXILLA",
  "JAW",
  "TMJ",
  "ZYGOMA",
  "NASALBONE",
  "MASTOID",
]);
const LIMBS = ["SHOULDER", "ARM", "HUMERUS", "ELBOW", "FOREARM", "WRIST", "HAND", "FINGER", "THUMB"].concat([
  "HIP",
  "LEG",
  "THIGH",
  "FEMUR",
  "KNEE",
  "CALF",
  "ANKLE",
  "FOOT",
  "CALCANEUS",
  "TOE",
  "EXTREMITY",
]);
const TRUNK = ["CHEST", "LUNG", "HEART", "ABDOMEN", "LIVER", "KIDNEY", "PELVIS", "TSPINE", "LSPINE", "SSPINE"];
const WITHOUT: Record<string, readonly string[]> = { lung: [...HEAD, ...LIMBS], brain: [...TRUNK, ...LIMBS] };

/** The windows that the page of such a study offers; none for what its body parts, where all are known, do not hold. */
export function windowsOf(
  modalities: readonly string[],
  bodyParts: readonly string[],
): { key: string; label: string }[] {
  const parts = bodyParts.length === 0 ? [""] : bodyParts;
  return setOf(modalities)
    .filter(({ key }) => !parts.every((part) => WITHOUT[key]?.includes(part)))
    .map(({ key, label }) => ({ key, label }));
}

/**
 * How to draw an image of a study under the key that was asked; null for a key that its study does not offer. An image that is
 * not in Hounsfield units is drawn as it says itself, whatever the others of its study have.
 */
export function wayOf(key: string, modalities: readonly string[], hounsfield: boolean): Way | null {
  const named = setOf(modalities).find((candidate) => candidate.key === key);
  if (!named) return null;
  return named.way.window !== undefined && !hounsfield ? DEFAULT.way : named.way;
}
