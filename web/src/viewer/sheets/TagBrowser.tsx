import { IconX } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DataSet } from "../dicom/json.ts";
import { nameOfTag } from "../dicom/names.ts";
import { matching, type TagRow, tagRows } from "../dicom/tags.ts";
import styles from "./Sheet.module.css";

type Props = { readonly instance: DataSet; readonly title: string; readonly onClose: () => void };
const ROW = 26;

/** Every attribute of the image that is shown, searchable as one types. */
export function TagBrowser({ instance, title, onClose }: Props) {
  const { t } = useTranslation("viewer");
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  const rows = useMemo(() => tagRows(instance, nameOfTag), [instance]);
  const found = useMemo(() => matching(rows, wanted), [rows, wanted]);
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: found.length,
    getScrollElement: () => body.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  return (
    <aside className={styles.sheet} aria-label={t("tags.title")}>
      <div className={styles.head}>
        <div>
          <h2>{t("tags.title")}</h2>
          <p>
            {title} ·{" "}
            {found.length === rows.length
              ? t("tags.count", { count: rows.length })
              : t("tags.found", { count: found.length, of: rows.length })}
          </p>
        </div>
        <input
          type="search"
          // biome-ignore lint/a11y/noAutofocus: the sheet is opened to search
          autoFocus
          placeholder={t("tags.search")}
          aria-label={t("tags.search")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <button type="button" className={styles.close} onClick={onClose} aria-label={t("tags.close")}>
          <IconX size={17} />
        </button>
      </div>
      <div className={styles.body} ref={body}>
        {found.length === 0 && <p className={styles.none}>{t("tags.none")}</p>}
        <div className={styles.rows} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = found[index];
            return row && <Row key={row.id} row={row} top={start} />;
          })}
        </div>
      </div>
    </aside>
  );
}

function Row({ row, top }: { row: TagRow; top: number }) {
  const { t } = useTranslation("viewer");
  const value =
    row.items === undefined ? (row.apart ? t("tags.bulk") : row.value) : t("tags.items", { count: row.items });
  return (
    <div className={styles.row} style={{ transform: `translateY(${top}px)` }}>
      <span className={styles.tag}>{row.tag}</span>
      <span className={styles.name} style={{ paddingLeft: row.depth * 14 }} title={row.name}>
        {row.name || "—"}
      </span>
      <span className={styles.vr}>{row.vr}</span>
      <span className={styles.value} title={value}>
        {value}
      </span>
    </div>
  );
}
