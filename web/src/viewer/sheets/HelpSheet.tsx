import { IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { COMMANDS, type Command, KEYMAPS, type KeymapName, keysOf } from "../model/keys.ts";
import { sayKey } from "../model/say-key.ts";
import styles from "./Sheet.module.css";

type Props = {
  readonly keymap: KeymapName;
  readonly onKeymap: (name: KeymapName) => void;
  readonly onClose: () => void;
};

const GROUPS = {
  tools: ["tool."],
  images: ["image.", "series.", "pane."],
  view: ["zoom.", "rotate.", "flip.", "invert", "reset", "cine"],
  layout: ["layout.", "compare", "link"],
  page: ["overlays", "markings", "marking.", "tags", "help", "close"],
} as const;

/** Every key and what it does, from the same table that the keys obey. */
export function HelpSheet({ keymap, onKeymap, onClose }: Props) {
  const { t } = useTranslation("viewer");
  return (
    <aside className={styles.sheet} aria-label={t("help.title")}>
      <div className={styles.head}>
        <h2>{t("help.title")}</h2>
        <fieldset className={styles.switch} aria-label={t("help.map")}>
          {(Object.keys(KEYMAPS) as KeymapName[]).map((name) => (
            <button key={name} type="button" aria-pressed={name === keymap} onClick={() => onKeymap(name)}>
              {t(`help.${name}`)}
            </button>
          ))}
        </fieldset>
        <button type="button" className={styles.close} onClick={onClose} aria-label={t("help.close")}>
          <IconX size={17} />
        </button>
      </div>
      <div className={styles.body}>
        <div className={styles.groups}>
          {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
            <Group key={group} title={t(`help.groups.${group}`)} commands={commandsOf(group)} keymap={keymap} />
          ))}
          <section className={styles.group}>
            <h3>{t("help.groups.windows")}</h3>
            <Line text={t("command.window-n")} keys={["1", "9"]} />
            <Line text={t("command.window-own")} keys={keysOf(keymap, "window.own")} />
          </section>
          <section className={styles.group}>
            <h3>{t("help.mouse")}</h3>
            {(["left", "middle", "right", "wheel", "double", "two"] as const).map((line) => (
              <Line key={line} text={t(`help.mouseLines.${line}`)} keys={[]} />
            ))}
          </section>
        </div>
      </div>
    </aside>
  );
}

const commandsOf = (group: keyof typeof GROUPS): Command[] =>
  COMMANDS.filter((command) =>
    GROUPS[group].some((start) => command === start || (start.endsWith(".") && command.startsWith(start))),
  );

function Group({ title, commands, keymap }: { title: string; commands: readonly Command[]; keymap: KeymapName }) {
  const { t } = useTranslation("viewer");
  return (
    <section className={styles.group}>
      <h3>{title}</h3>
      {commands.map((command) => (
        <Line
          key={command}
          text={t(`command.${command.replace(".", "-")}` as "command.help")}
          keys={keysOf(keymap, command)}
        />
      ))}
    </section>
  );
}

function Line({ text, keys }: { text: string; keys: readonly string[] }) {
  return (
    <div className={styles.line}>
      <span>{text}</span>
      <span className={styles.keys}>
        {keys.map((key) => (
          <kbd key={key}>{sayKey(key)}</kbd>
        ))}
      </span>
    </div>
  );
}
