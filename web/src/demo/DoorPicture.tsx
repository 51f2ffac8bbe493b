import type { Door } from "./queries.ts";

/** What one sees through the door: a few lines in lamplight. */
export function DoorPicture({ door }: { door: Door["door"] }) {
  return (
    <svg
      viewBox="0 0 160 160"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {PICTURES[door]}
    </svg>
  );
}

const slice = (x: number, y: number, r: number) => (
  <g>
    <ellipse cx={x} cy={y} rx={r * 0.78} ry={r} />
    <path d={`M${x} ${y - r * 0.7}V${y + r * 0.7}`} opacity=".6" />
    <path d={`M${x - r * 0.12} ${y - r * 0.34}q${-r * 0.34} ${r * 0.3} ${-r * 0.06} ${r * 0.66}`} />
    <path d={`M${x + r * 0.12} ${y - r * 0.34}q${r * 0.34} ${r * 0.3} ${r * 0.06} ${r * 0.66}`} />
  </g>
);

const PICTURES: Record<Door["door"], React.ReactNode> = {
  patient: (
    <g>
      <rect x="50" y="20" width="60" height="116" rx="11" />
      <path d="M73 28h14" />
      <rect x="57" y="37" width="46" height="46" rx="4" fill="currentColor" fillOpacity=".14" />
      {slice(80, 60, 17)}
      <path d="M58 94h34M58 102h42M58 110h26" />
      <rect x="58" y="118" width="44" height="9" rx="3" fill="currentColor" />
    </g>
  ),
  referrer: (
    <g>
      <rect x="34" y="30" width="72" height="102" rx="6" />
      <path d="M56 30v-4a6 6 0 0 1 6-6h16a6 6 0 0 1 6 6v4" />
      <path d="M46 50h48M46 61h48M46 72h30" />
      <path d="M46 92h16M46 103h24M46 114h12" />
      <path d="M104 74v22a18 18 0 0 1-36 0v-4" opacity="0" />
      <path d="M118 62v26a20 20 0 0 1-20 20" />
      <circle cx="118" cy="54" r="8" fill="currentColor" fillOpacity=".25" />
      <circle cx="88" cy="108" r="10" />
      <circle cx="88" cy="108" r="3" fill="currentColor" />
    </g>
  ),
  radiologist: (
    <g>
      <rect x="16" y="34" width="62" height="76" rx="4" fill="currentColor" fillOpacity=".12" />
      <rect x="82" y="34" width="62" height="76" rx="4" fill="currentColor" fillOpacity=".12" />
      {slice(47, 72, 26)}
      {slice(113, 72, 26)}
      <path d="M56 62l10-6" strokeWidth="1.5" />
      <path d="M47 110v14M113 110v14M34 128h92" />
    </g>
  ),
  clinic: (
    <g>
      <circle cx="66" cy="72" r="48" />
      <circle cx="66" cy="72" r="27" fill="currentColor" fillOpacity=".14" />
      <path d="M66 24v8M66 112v8M18 72h8M106 72h8" opacity=".7" />
      <path d="M58 78h80a6 6 0 0 1 0 12H58z" fill="currentColor" fillOpacity=".25" />
      <path d="M112 90v34M132 90v34M104 126h36" />
      <path d="M40 114l-6 12h64l-6-12" />
    </g>
  ),
};
