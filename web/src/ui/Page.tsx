import type { ReactNode } from "react";
import "./page.css";

/** A front-desk page: a title, a sentence, what one can do, and the content. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {lead && <p className="muted">{lead}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export type TableColumn<Row> = { key: string; label: string; cell: (row: Row) => ReactNode; numeric?: boolean };

/** A plain table that scrolls sideways where it must. The last column may be without a label: it holds the actions. */
export function Table<Row>({
  label,
  columns,
  rows,
  id,
  empty,
}: {
  label: string;
  columns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  id: (row: Row) => string;
  empty: string;
}) {
  if (rows.length === 0) return <p className="page-empty muted">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <section className="page-table" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" data-numeric={column.numeric || undefined}>
                {column.label || <span className="sr-only">·</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map((column) => (
                <td key={column.key} data-numeric={column.numeric || undefined}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
