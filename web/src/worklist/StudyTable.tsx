// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by the virtual list, which a table element cannot do
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid is the one tab stop and names its active row
import { useElementSize } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, memo, type RefObject, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { StudyRow } from "#contract/studies.ts";
import { dicomDate, personName } from "../ui/format.ts";
import { type CellWords, type Column, columnsFor, tracksOf } from "./columns.tsx";
import type { SortBy, SortKey } from "./filters.ts";
import { nextSort } from "./filters.ts";
import { StudyCard } from "./StudyCard.tsx";

const ROW = 44;
const CARD = 84;

type Props = {
  /** The grid itself, for whoever hands it the focus. */
  grid: RefObject<HTMLDivElement | null>;
  rows: readonly StudyRow[];
  total: number | undefined;
  selected: string | undefined;
  sort: readonly SortBy[];
  phone: boolean;
  onSelect: (row: StudyRow) => void;
  onOpen: (row: StudyRow) => void;
  onShare: (row: StudyRow) => void;
  onSort: (sort: SortBy[]) => void;
  onNearEnd: () => void;
};

/** The list itself: one grid, one tab stop; arrows move, Enter opens, S shares. Only the rows in sight are in the page. */
export function StudyTable(props: Props) {
  const { grid: scroll, rows, total, selected, sort, phone, onSelect, onOpen, onShare, onSort, onNearEnd } = props;
  const { t } = useTranslation("worklist");
  const { ref: measure, width } = useElementSize();
  const columns = useMemo(() => columnsFor(width || 1100), [width]);
  const tracks = { gridTemplateColumns: tracksOf(columns) };
  const words: CellWords = { noName: t("noName"), noDescription: t("noDescription"), arriving: t("arriving") };
  // oxlint-disable-next-line react/incompatible-library -- what the list returns is used in this component alone
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => (phone ? CARD : ROW),
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = list.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 15) onNearEnd();
  }, [last, rows.length, onNearEnd]);
  const at = rows.findIndex((row) => row.id === selected);

  const onKey = (event: KeyboardEvent) => {
    const row = rows[at];
    const step = STEPS[event.key];
    if (event.key === "Enter" && row) onOpen(row);
    else if (event.key.toLowerCase() === "s" && row && !event.metaKey && !event.ctrlKey) onShare(row);
    else if (step !== undefined && rows.length > 0) {
      const next = Math.min(
        rows.length - 1,
        Math.max(0, step === "first" ? 0 : step === "last" ? rows.length - 1 : at + step),
      );
      const target = rows[next];
      if (target) onSelect(target);
      list.scrollToIndex(next);
    } else return;
    event.preventDefault();
  };

  return (
    <div ref={measure} className="grid" data-phone={phone || undefined}>
      <div
        ref={scroll}
        className="grid-scroll"
        role="grid"
        aria-label={t("title")}
        aria-rowcount={total === undefined ? -1 : total + 1}
        aria-activedescendant={at >= 0 ? `study-${selected}` : undefined}
        tabIndex={0}
        onKeyDown={onKey}
      >
        {!phone && <Head columns={columns} sort={sort} tracks={tracks} onSort={onSort} />}
        <div role="rowgroup" style={{ height: list.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <Row
                key={item.key}
                row={row}
                index={item.index}
                top={item.start}
                selected={row.id === selected}
                columns={columns}
                tracks={tracks}
                words={words}
                phone={phone}
                label={t("rowLabel", {
                  patient: personName(row.patientName),
                  study: row.description,
                  date: dicomDate(row.studyDate),
                  status: t(`status.${row.report}`),
                })}
                onSelect={onSelect}
                onOpen={onOpen}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

const STEPS: Record<string, number | "first" | "last"> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 12,
  PageUp: -12,
  Home: "first",
  End: "last",
};

function Head({
  columns,
  sort,
  tracks,
  onSort,
}: {
  columns: readonly Column[];
  sort: readonly SortBy[];
  tracks: React.CSSProperties;
  onSort: (sort: SortBy[]) => void;
}) {
  const { t } = useTranslation("worklist");
  return (
    <div className="grid-head" role="row" style={tracks}>
      {columns.map((column) => {
        const place = sort.findIndex((by) => by.key === column.sort);
        const by = sort[place];
        const label = t(`column.${column.key}`);
        return (
          <div
            key={column.key}
            role="columnheader"
            className="grid-th"
            data-numeric={column.numeric || undefined}
            aria-sort={by ? (by.descending ? "descending" : "ascending") : undefined}
          >
            {column.sort ? (
              <button
                type="button"
                title={t("column.sortHint")}
                onClick={(event) => column.sort && onSort(nextSort(sort, column.sort as SortKey, event.shiftKey))}
              >
                {label}
                {by && (
                  <span className="grid-sort" aria-hidden="true">
                    {by.descending ? "↓" : "↑"}
                    {sort.length > 1 && <sup>{place + 1}</sup>}
                  </span>
                )}
              </button>
            ) : (
              label
            )}
          </div>
        );
      })}
    </div>
  );
}

type RowProps = {
  row: StudyRow;
  index: number;
  top: number;
  selected: boolean;
  columns: readonly Column[];
  tracks: React.CSSProperties;
  words: CellWords;
  phone: boolean;
  label: string;
  onSelect: (row: StudyRow) => void;
  onOpen: (row: StudyRow) => void;
};

const Row = memo(function Row({
  row,
  index,
  top,
  selected,
  columns,
  tracks,
  words,
  phone,
  label,
  onSelect,
  onOpen,
}: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the grid's
    <div
      id={`study-${row.id}`}
      className="grid-row"
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-label={label}
      style={{ ...(phone ? {} : tracks), transform: `translateY(${top}px)`, height: phone ? CARD : ROW }}
      onClick={() => onSelect(row)}
      onDoubleClick={() => onOpen(row)}
    >
      {phone ? (
        <StudyCard row={row} words={words} />
      ) : (
        columns.map((column) => (
          <div key={column.key} role="gridcell" className="grid-td" data-numeric={column.numeric || undefined}>
            {column.cell(row, words)}
          </div>
        ))
      )}
    </div>
  );
});
