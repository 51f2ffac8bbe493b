import { Menu } from "@mantine/core";
import {
  IconChevronDown,
  IconContrastFilled,
  IconFlipHorizontal,
  IconFlipVertical,
  IconLayout2,
  IconLayoutColumns,
  IconLayoutGrid,
  IconLayoutRows,
  IconRefresh,
  IconRotate2,
  IconRotateClockwise,
  IconSquare,
  IconTransform,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { type Command, type Keymap, keysOf } from "../model/keys.ts";
import { LAYOUTS, type Layout } from "../model/layout.ts";
import type { Choice } from "../model/presets.ts";
import { sayKey } from "../model/say-key.ts";
import styles from "./TopBar.module.css";

export type Icon = ComponentType<{ size?: number; stroke?: number }>;
type Props = { readonly keymap: Keymap; readonly do: (command: Command) => void };

const LAYOUT_ICONS: Readonly<Record<Layout, Icon>> = {
  "1x1": IconSquare,
  "1x2": IconLayoutColumns,
  "2x1": IconLayoutRows,
  "2x2": IconLayoutGrid,
};

const SHOWN_PRESETS = 3;
/** The first windows as buttons, all of them in a menu. */
export function Presets({ choices, do: act, keymap }: Props & { readonly choices: readonly Choice[] }) {
  const { t } = useTranslation("viewer");
  const name = ({ label, nth }: Choice) =>
    label === "stored" ? t("preset.stored", { number: nth + 1 }) : t(`preset.${label}`);
  return (
    <>
      <span className={styles.wide}>
        {choices.slice(0, SHOWN_PRESETS).map((choice, at) => (
          <button key={choice.nth} type="button" className={styles.button} onClick={() => act(windowCommand(at))}>
            {name(choice)} <kbd className={styles.key}>{at + 1}</kbd>
          </button>
        ))}
      </span>
      <Menu position="bottom-start" offset={4}>
        <Menu.Target>
          <button
            type="button"
            className={styles.button}
            aria-label={t("toolbar.presets")}
            title={t("toolbar.presets")}
          >
            <IconContrastFilled size={15} />
            <IconChevronDown size={12} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {choices.map((choice, at) => (
            <Menu.Item
              key={choice.nth}
              rightSection={<kbd className={`${styles.key} ${styles.menuKey}`}>{at + 1}</kbd>}
              onClick={() => act(windowCommand(at))}
            >
              {name(choice)}
            </Menu.Item>
          ))}
          {choices.length > 0 && <Menu.Divider />}
          <MenuLine command="window.own" keymap={keymap} label={t("preset.own")} act={act} />
          <MenuLine command="invert" keymap={keymap} label={t("action.invert")} act={act} />
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

const windowCommand = (at: number): Command => `window.${at + 1}` as Command;

function MenuLine({
  command,
  keymap,
  label,
  act,
  icon: Glyph,
}: {
  command: Command;
  keymap: Keymap;
  label: string;
  act: Props["do"];
  icon?: Icon;
}) {
  const key = keysOf(keymap, command)[0];
  return (
    <Menu.Item
      leftSection={Glyph && <Glyph size={16} stroke={1.6} />}
      rightSection={key && <kbd className={`${styles.key} ${styles.menuKey}`}>{sayKey(key)}</kbd>}
      onClick={() => act(command)}
    >
      {label}
    </Menu.Item>
  );
}

export function Turning({ do: act, keymap }: Props) {
  const { t } = useTranslation("viewer");
  const line = (command: Command, label: string, icon: Icon) => (
    <MenuLine command={command} keymap={keymap} label={label} act={act} icon={icon} />
  );
  return (
    <Menu position="bottom-start" offset={4}>
      <Menu.Target>
        <button type="button" className={styles.button} aria-label={t("toolbar.turn")} title={t("toolbar.turn")}>
          <IconTransform size={17} stroke={1.6} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {line("rotate.right", t("action.rotateRight"), IconRotateClockwise)}
        {line("rotate.left", t("action.rotateLeft"), IconRotate2)}
        {line("flip.horizontal", t("action.flipHorizontal"), IconFlipVertical)}
        {line("flip.vertical", t("action.flipVertical"), IconFlipHorizontal)}
        {line("invert", t("action.invert"), IconContrastFilled)}
        <Menu.Divider />
        {line("reset", t("action.reset"), IconRefresh)}
      </Menu.Dropdown>
    </Menu>
  );
}

export function Layouts({ do: act, keymap, layout: present }: Props & { readonly layout: Layout }) {
  const { t } = useTranslation("viewer");
  return (
    <Menu position="bottom-start" offset={4}>
      <Menu.Target>
        <button type="button" className={styles.button} aria-label={t("toolbar.layout")} title={t("toolbar.layout")}>
          <IconLayout2 size={17} stroke={1.6} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {LAYOUTS.map((layout) => (
          <MenuLine
            key={layout}
            command={`layout.${layout}`}
            keymap={keymap}
            label={`${t(`layout.${layout}`)}${layout === present ? " ✓" : ""}`}
            act={act}
            icon={LAYOUT_ICONS[layout]}
          />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
