import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { personName } from "../../ui/format.ts";
import type { DataSet } from "../dicom/json.ts";
import { type Reference, type ReportNode, reportOf } from "../dicom/sr.ts";
import styles from "./Document.module.css";

type Props = {
  readonly instance: DataSet;
  /** Opens a referred image; undefined for what is not in this study. */
  readonly opener: (reference: Reference) => (() => void) | undefined;
};

/** A structured report as text: headings, findings with their values and units, and links to the images it speaks of. */
export function StructuredReport({ instance, opener }: Props) {
  const { t } = useTranslation("viewer");
  const report = useMemo(() => reportOf(instance), [instance]);
  const state = [report.completion, report.verification].filter(Boolean).join(", ").toLowerCase();
  return (
    <article className={styles.page}>
      <div className={styles.sheet}>
        <h2>{report.title}</h2>
        {state && <p className={styles.by}>{state}</p>}
        {report.observers.length > 0 && (
          <p className={styles.by}>
            {t("report.observers")} {report.observers.map(personName).join(" · ")}
          </p>
        )}
        {report.root.children.length === 0 && <p className={styles.section}>{t("report.empty")}</p>}
        <Nodes nodes={report.root.children} opener={opener} />
      </div>
    </article>
  );
}

function Nodes({ nodes: all, opener }: { nodes: readonly ReportNode[]; opener: Props["opener"] }) {
  const nodes = gathered(all);
  // biome-ignore lint/suspicious/noArrayIndexKey: a report does not change, so a node's place names it
  return nodes.map((node, at) => <Node key={`${at} ${node.name}`} node={node} opener={opener} />);
}

/** References that follow one another under one name are one line. */
function gathered(nodes: readonly ReportNode[]): ReportNode[] {
  const lines: ReportNode[] = [];
  for (const node of nodes) {
    const before = lines.at(-1);
    const joins = before?.kind === "reference" && node.kind === "reference" && before.name === node.name;
    if (joins && node.children.length === 0 && before.children.length === 0) {
      lines[lines.length - 1] = { ...before, references: [...before.references, ...node.references] };
    } else lines.push(node);
  }
  return lines;
}

function Node({ node, opener }: { node: ReportNode; opener: Props["opener"] }) {
  const { t } = useTranslation("viewer");
  if (node.kind === "container") {
    return (
      <section className={styles.section}>
        {node.name && <h3 className={styles.heading}>{node.name}</h3>}
        <Nodes nodes={node.children} opener={opener} />
      </section>
    );
  }
  const plain = node.kind === "text" && (node.value.length > 60 || node.name === "");
  return (
    <>
      {plain ? (
        <>
          {node.name && <h4 className={styles.heading}>{node.name}</h4>}
          <p className={styles.text}>{node.value}</p>
        </>
      ) : (
        <dl className={styles.item}>
          <dt>{node.name || t("report.image")}</dt>
          <dd>
            <Value node={node} />
            {node.references.map((reference) => (
              <Link key={reference.sop} reference={reference} open={opener(reference)} />
            ))}
          </dd>
        </dl>
      )}
      {node.children.length > 0 && (
        <div className={styles.nested}>
          <Nodes nodes={node.children} opener={opener} />
        </div>
      )}
    </>
  );
}

function Value({ node }: { node: ReportNode }) {
  switch (node.kind) {
    case "number":
      return (
        <>
          <span className={styles.number}>{node.value}</span> {node.unit}
          {node.note && <span className={styles.note}> {node.note}</span>}
        </>
      );
    case "person":
      return personName(node.value);
    case "time":
      return sayTime(node.value);
    default:
      return node.value;
  }
}

/** DA, TM and DT as people write them: 20261124064100 → 2026-11-24 06:41:00. */
function sayTime(value: string): string {
  const full = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?/.exec(value);
  if (full && value.length >= 8) {
    const [, year, month, day, hour, minute, second] = full;
    const time = [hour, minute, second].filter(Boolean).join(":");
    return `${year}-${month}-${day}${time ? ` ${time}` : ""}`;
  }
  return value.replace(/^(\d{2})(\d{2})(\d{2}).*$/, "$1:$2:$3");
}

function Link({ reference, open }: { reference: Reference; open: (() => void) | undefined }) {
  const { t } = useTranslation("viewer");
  const frames = reference.frames.length > 0 ? ` ${t("report.frame", { frames: reference.frames.join(", ") })}` : "";
  return (
    <button type="button" className={styles.reference} disabled={!open} onClick={open} title={reference.sop}>
      {t("report.image")}
      {frames}
    </button>
  );
}
