import { Tooltip } from "@mantine/core";
import {
  IconAngle,
  IconArrowLeft,
  IconArrowsMove,
  IconArrowUpRight,
  IconCircle,
  IconKeyboard,
  IconLayoutColumns,
  IconLink,
  IconListSearch,
  IconPlayerPlay,
  IconRectangle,
  IconRuler2,
  IconStack2,
  IconSunHigh,
  IconZoomIn,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { ageInYears, personName } from "../../ui/format.ts";
import { type Command, type Keymap, keysOf } from "../model/keys.ts";
import type { Choice } from "../model/presets.ts";
import { sayKey } from "../model/say-key.ts";
import { TOOLS, type Tool, type ViewerState } from "../model/state.ts";
import { type Icon, Layouts, Presets, Turning } from "./BarMenus.tsx";
import styles from "./TopBar.module.css";

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
type Props = {
  readonly study: StudyDetail;
  readonly state: ViewerState;
  readonly keymap: Keymap;
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
        <Presets keymap={props.keymap} do={props.do} choices={props.choices} />
        <span className={styles.rule} />
        <Turning keymap={props.keymap} do={props.do} />
        <Layouts keymap={props.keymap} do={props.do} layout={props.state.layout} />
        <span className={styles.rule} />
        <Comparing {...props} />
      </div>
      <span className={styles.space} />
      <Tooltip label={t("seal.more")} multiline w={280}>
        <span className={styles.seal}>
          <span>{t("seal.title")}</span>
        </span>
      </Tooltip>
      <span className={styles.actions}>{children}</span>
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
