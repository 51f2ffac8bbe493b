import { Menu, Tooltip } from "@mantine/core";
import {
  IconAngle,
  IconArrowLeft,
  IconArrowsMove,
  IconArrowUpRight,
  IconChevronDown,
  IconCircle,
  IconContrastFilled,
  IconFlipHorizontal,
  IconFlipVertical,
  IconKeyboard,
  IconLayout2,
  IconLayoutColumns,
  IconLayoutGrid,
  IconLayoutRows,
  IconLink,
  IconListSearch,
  IconPlayerPlay,
  IconRectangle,
  IconRefresh,
  IconRotate2,
  IconRotateClockwise,
  IconRuler2,
  IconSquare,
  IconStack2,
  IconSunHigh,
  IconTransform,
  IconZoomIn,
} from "@tabler/icons-react";
import type { ComponentType, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { ageInYears, personName } from "../../ui/format.ts";
import { type Command, type KeymapName, keysOf } from "../model/keys.ts";
import { LAYOUTS, type Layout } from "../model/layout.ts";
import type { Choice } from "../model/presets.ts";
import { TOOLS, type Tool, type ViewerState } from "../model/state.ts";
import styles from "./TopBar.module.css";

type Icon = ComponentType<{ size?: number; stroke?: number }>;
const TOOL_ICONS: Readonly<Record<Tool, Icon>> = {
  window: IconSunHigh,
  pan: IconArrowsMove,
  zoom: IconZoomIn,
  scroll: IconStack2,
  length: IconRuler2,
  angle: IconAngle,
  ellipse: IconCircle,
  rectangle: IconRectangle,
  arrow: IconArrowUpRight,
};
const LAYOUT_ICONS: Readonly<Record<Layout, Icon>> = {
  "1x1": IconSquare,
  "1x2": IconLayoutColumns,
  "2x1": IconLayoutRows,
  "2x2": IconLayoutGrid,
};

type Props = {
  readonly study: StudyDetail;
  readonly state: ViewerState;
  readonly keymap: KeymapName;
  readonly choices: readonly Choice[];
  readonly playing: boolean;
  readonly canPlay: boolean;
  readonly comparing: boolean;
  readonly canCompare: boolean;
  readonly do: (command: Command) => void;
  readonly back: ReactNode;
  readonly children: ReactNode;
};

/** Who the patient is, and everything that can be done with the active viewport. */
export function TopBar(props: Props) {
  const { study, back, children } = props;
  const { t } = useTranslation("viewer");
  return (
    <header className={styles.bar}>
      {back}
      <Who study={study} />
      <div className={styles.tools} role="toolbar" aria-label={t("toolbar.label")}>
        <Tools {...props} />
        <span className={styles.rule} />
        <Presets {...props} />
        <span className={styles.rule} />
        <Turning {...props} />
        <Layouts {...props} />
        <span className={styles.rule} />
        <Comparing {...props} />
      </div>
      <span className={styles.space} />
      <Tooltip label={t("seal.more")} multiline w={280}>
        <span className={styles.seal}>
          <span>{t("seal.title")}</span>
        </span>
      </Tooltip>
      {children}
    </header>
  );
}

export function BackLink({ onBack }: { onBack: () => void }) {
  const { t } = useTranslation("viewer");
  return (
    <button type="button" className={styles.button} onClick={onBack} aria-label={t("back")} title={t("back")}>
      <IconArrowLeft size={18} stroke={1.6} />
    </button>
  );
}

function Who({ study }: { study: StudyDetail }) {
  const { t } = useTranslation();
  const years = ageInYears(study.birthDate, study.studyDate);
  const sex = study.sex === "F" || study.sex === "M" || study.sex === "O" ? t(`sex.${study.sex}`) : "";
  const person = [sex, years === undefined ? "" : `${years} y`].filter(Boolean).join(" ");
  const rest = [person, study.patientId, study.description, study.ownerName].filter(Boolean).join(" · ");
  const name = personName(study.patientName);
  return (
    <span className={styles.who} title={`${name} · ${rest}`}>
      <b>{name}</b> {rest}
    </span>
  );
}

type ButtonProps = {
  readonly command: Command;
  readonly icon: Icon;
  readonly label: string;
  readonly labelled?: boolean;
  readonly on?: boolean;
  readonly disabled?: boolean;
  readonly optional?: boolean;
};

function useButton({ keymap, do: act }: Props) {
  return ({
    command,
    icon: Glyph,
    label,
    labelled = false,
    on = false,
    disabled = false,
    optional = false,
  }: ButtonProps) => {
    const key = keysOf(keymap, command)[0];
    return (
      <Tooltip key={command} label={key ? `${label} · ${sayKey(key)}` : label}>
        <button
          type="button"
          className={optional ? `${styles.button} ${styles.optional}` : styles.button}
          data-on={on}
          data-labelled={labelled}
          aria-pressed={on}
          aria-label={label}
          disabled={disabled}
          onClick={() => act(command)}
        >
          <Glyph size={17} stroke={1.6} />
          {labelled && <span className={styles.label}>{label}</span>}
        </button>
      </Tooltip>
    );
  };
}

function Tools(props: Props) {
  const { t } = useTranslation("viewer");
  const button = useButton(props);
  return TOOLS.map((tool) =>
    button({
      command: `tool.${tool}`,
      icon: TOOL_ICONS[tool],
      label: t(`tool.${tool}`),
      labelled: !["scroll", "ellipse", "rectangle"].includes(tool),
      on: props.state.tool === tool,
      optional: tool === "scroll",
    }),
  );
}

const SHOWN_PRESETS = 3;
function Presets({ choices, do: act, keymap }: Props) {
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
  keymap: KeymapName;
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

function Turning({ do: act, keymap }: Props) {
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

function Layouts({ do: act, keymap, state }: Props) {
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
            label={`${t(`layout.${layout}`)}${layout === state.layout ? " ✓" : ""}`}
            act={act}
            icon={LAYOUT_ICONS[layout]}
          />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Comparing(props: Props) {
  const { t } = useTranslation("viewer");
  const button = useButton(props);
  const { state, playing, canPlay, canCompare, comparing } = props;
  const split = state.layout !== "1x1";
  return (
    <>
      {button({
        command: "cine",
        icon: IconPlayerPlay,
        label: t("action.cine"),
        labelled: true,
        on: playing,
        disabled: !canPlay,
      })}
      {button({
        command: "compare",
        icon: IconLayoutColumns,
        label: comparing ? t("action.comparing") : canCompare ? t("action.compare") : t("action.noPrior"),
        labelled: canCompare,
        disabled: !canCompare || comparing,
      })}
      {split &&
        button({
          command: "link",
          icon: IconLink,
          label: state.link ? t("action.link") : t("action.linkOff"),
          on: state.link !== undefined,
        })}
      {button({ command: "tags", icon: IconListSearch, label: t("action.tags"), optional: true })}
      {button({ command: "help", icon: IconKeyboard, label: t("action.help"), optional: true })}
    </>
  );
}

/** A key's name as it stands on a keyboard. */
export function sayKey(key: string): string {
  const NAMES: Readonly<Record<string, string>> = {
    arrowup: "↑",
    arrowdown: "↓",
    arrowleft: "←",
    arrowright: "→",
    " ": "Space",
    escape: "Esc",
    delete: "Del",
    backspace: "⌫",
    pageup: "PgUp",
    pagedown: "PgDn",
    ctrl: "Ctrl",
    alt: "Alt",
    shift: "⇧",
    home: "Home",
    end: "End",
    enter: "↵",
  };
  const parts = key === "+" ? ["+"] : key.endsWith("++") ? [key.slice(0, -2), "+"] : key.split("+");
  return parts.map((part) => NAMES[part] ?? part.toUpperCase()).join(" ");
}
