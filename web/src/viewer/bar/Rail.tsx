import { IconBox, IconCheck, IconFileText, IconFileTypePdf } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { dicomDate } from "../../ui/format.ts";
import type { RailGroup, Tile } from "../hooks/rail.ts";
import { gridOf } from "../model/layout.ts";
import type { ViewerState } from "../model/state.ts";
import { isViewed } from "../model/state.ts";
import { DRAGGED } from "../panes/PaneFrame.tsx";
import styles from "./Rail.module.css";

type Props = {
  readonly groups: readonly RailGroup[];
  readonly state: ViewerState;
  readonly onOpen: (tile: Tile, study: string) => void;
};

/** All series of this study and of those before it. A tick says that every image was seen. */
export function Rail({ groups, state, onOpen }: Props) {
  const { t } = useTranslation("viewer");
  return (
    <nav className={styles.rail} aria-label={t("rail.label")}>
      {groups.map((group) => (
        <Group key={group.study} group={group} state={state} onOpen={onOpen} />
      ))}
    </nav>
  );
}

function Group({ group, state, onOpen }: { group: RailGroup; state: ViewerState; onOpen: Props["onOpen"] }) {
  const { t } = useTranslation("viewer");
  const date = dicomDate(group.date);
  return (
    <>
      <div className={styles.day}>
        {group.when === "now" ? date || t("rail.current") : t(`rail.${group.when}`, { date })}
        {group.description && <b title={group.description}>{group.description}</b>}
        {!group.shared && <b>{t("rail.notShared")}</b>}
      </div>
      {group.tiles.map((tile) => (
        <TileButton key={tile.id} tile={tile} state={state} onOpen={() => onOpen(tile, group.study)} />
      ))}
    </>
  );
}

function TileButton({ tile, state, onOpen }: { tile: Tile; state: ViewerState; onOpen: () => void }) {
  const { t } = useTranslation("viewer");
  const { stack } = tile;
  const shown = state.panes.slice(0, gridOf(state.layout).count);
  const active = stack !== undefined && state.panes[state.active]?.stack === stack;
  const open = stack !== undefined && shown.some((pane) => pane.stack === stack);
  const viewed = stack !== undefined && isViewed(state, stack);
  const share = stack === undefined ? 0 : (state.seen[stack]?.length ?? 0) / Math.max(1, tile.count);
  const label = `${tile.name || tile.modality} · ${tile.count}`;
  return (
    <button
      type="button"
      className={styles.tile}
      data-active={active}
      data-open={open}
      disabled={tile.failed}
      draggable={stack !== undefined}
      title={tile.failed ? t("rail.failed") : label}
      aria-pressed={open}
      onClick={onOpen}
      onDragStart={(event) => stack && event.dataTransfer.setData(DRAGGED, stack)}
    >
      <Picture tile={tile} />
      <span className={styles.name}>
        <span>{tile.name || tile.modality}</span> <b>{tile.count}</b>
      </span>
      {viewed ? (
        <span className={styles.viewed} title={t("rail.viewed")}>
          <IconCheck size={13} stroke={2.5} />
        </span>
      ) : (
        share > 0 && <span className={styles.progress} style={{ width: `${share * 100}%` }} />
      )}
    </button>
  );
}

const SIGNS = { report: IconFileText, document: IconFileTypePdf, object: IconBox } as const;

/** The middle picture of what a tile opens; a sign and a word for what has none. */
function Picture({ tile }: { tile: Tile }) {
  const { t } = useTranslation("viewer");
  const [failed, setFailed] = useState(false);
  if (tile.kind !== "image") {
    const Sign = SIGNS[tile.kind];
    return (
      <span className={styles.word} data-kind={tile.kind}>
        <Sign size={26} stroke={1.3} aria-hidden />
        {t(`rail.${tile.kind}`)}
      </span>
    );
  }
  if (!tile.thumbnail || failed) return <span className={styles.word}>{tile.modality}</span>;
  return (
    <img
      src={tile.thumbnail}
      alt=""
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => setFailed(true)}
    />
  );
}
