import { code, type DataSet, item, items, text, texts } from "./json.ts";

/** A structured report as a reader needs it: what was found, in its order and depth (PS3.3 §C.17.3). */
export type ReportNode = {
  readonly kind: "container" | "text" | "code" | "number" | "person" | "time" | "reference" | "other";
  /** What the value is about: the concept's name. */
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  /** Why a number is missing, or that a value was inferred or selected from an image. */
  readonly note: string;
  /** SOP Instance UIDs and frames that are referred to. */
  readonly references: readonly Reference[];
  readonly relation: string;
  readonly children: readonly ReportNode[];
};
export type Reference = { readonly sopClass: string; readonly sop: string; readonly frames: readonly number[] };

export type Report = {
  readonly title: string;
  readonly completion: string;
  readonly verification: string;
  readonly observers: readonly string[];
  readonly root: ReportNode;
};

const DEEPEST = 40;
const MOST_NODES = 20_000;

/** Reads a report's content tree. Bounded in depth and number of items, whatever it is sent. */
export function reportOf(instance: DataSet): Report {
  const budget = { left: MOST_NODES };
  const root = nodeOf(instance, 0, budget);
  return {
    title: root.name || text(instance, "0008103E"),
    completion: text(instance, "0040A491"),
    verification: text(instance, "0040A493"),
    observers: items(instance, "0040A073").map((observer) =>
      [text(observer, "0040A075"), text(observer, "0040A027")].filter(Boolean).join(", "),
    ),
    root,
  };
}

function nodeOf(from: DataSet, depth: number, budget: { left: number }): ReportNode {
  budget.left--;
  const type = text(from, "0040A040").toUpperCase() || (depth === 0 ? "CONTAINER" : "");
  const children =
    depth >= DEEPEST
      ? []
      : items(from, "0040A730").flatMap((child) => (budget.left > 0 ? [nodeOf(child, depth + 1, budget)] : []));
  return {
    name: code(from, "0040A043")?.meaning ?? "",
    relation: text(from, "0040A010"),
    unit: "",
    note: "",
    references: [],
    children,
    ...contentOf(type, from),
  };
}

type Value = Pick<ReportNode, "kind" | "value"> & Partial<Pick<ReportNode, "unit" | "note" | "references">>;

function contentOf(type: string, from: DataSet): Value {
  switch (type) {
    case "CONTAINER":
      return { kind: "container", value: "" };
    case "TEXT":
      return { kind: "text", value: text(from, "0040A160") };
    case "CODE":
      return { kind: "code", value: code(from, "0040A168")?.meaning ?? "" };
    case "NUM":
      return numeric(from);
    case "PNAME":
      return { kind: "person", value: text(from, "0040A123") };
    case "DATETIME":
      return { kind: "time", value: text(from, "0040A120") };
    case "DATE":
      return { kind: "time", value: text(from, "0040A121") };
    case "TIME":
      return { kind: "time", value: text(from, "0040A122") };
    case "UIDREF":
      return { kind: "other", value: text(from, "0040A124") };
    case "IMAGE":
    case "COMPOSITE":
    case "WAVEFORM":
      return { kind: "reference", value: "", references: referencesOf(from) };
    case "SCOORD":
    case "SCOORD3D":
      return { kind: "other", value: text(from, "00700023").toLowerCase() };
    default:
      return { kind: "other", value: "" };
  }
}

function numeric(from: DataSet): Value {
  const measured = item(from, "0040A300");
  const unit = measured && code(measured, "004008EA");
  return {
    kind: "number",
    value: measured ? (texts(measured, "0040A30A")[0] ?? "") : "",
    // UCUM's "1" and "{…}" say that there is no unit to print.
    unit: unit && unit.value !== "1" && !unit.value.startsWith("{") ? unit.value || unit.meaning : "",
    note: code(from, "0040A301")?.meaning ?? "",
  };
}

function referencesOf(from: DataSet): Reference[] {
  return items(from, "00081199").map((reference) => ({
    sopClass: text(reference, "00081150"),
    sop: text(reference, "00081155"),
    frames: texts(reference, "00081160").map(Number).filter(Number.isFinite),
  }));
}
