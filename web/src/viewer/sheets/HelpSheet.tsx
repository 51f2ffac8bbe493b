import { IconX } from "@tabler/icons-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  COMMANDS,
  type Command,
  isFree,
  KEYMAPS,
  type Keymap,
  type KeymapName,
  keymapOf,
  keysOf,
  nameOfKey,
  type OwnKeys,
  withKey,
} from "../model/keys.ts";
import { sayKey } from "../model/say-key.ts";
import styles from "./Sheet.module.css";

type Props = {
  readonly own: OwnKeys;
  readonly onKeys: (own: OwnKeys) => void;
  readonly onClose: () => void;
};

const GROUPS = {
  tools: ["tool."],
  images: ["image.", "series.", "pane."],
  view: ["zoom.", "rotate.", "flip.", "invert", "reset", "cine"],
  layout: ["layout.", "compare", "link"],
  page: ["overlays", "markings", "marking.", "tags", "help", "close"],
} as const;

/** Every key and what it does, from the same table that the keys obey; a click on a key gives the command another one. */
export function HelpSheet({ own, onKeys, onClose }: Props) {
  const { t } = useTranslation("viewer");
  const keymap = keymapOf(own);
  const changed = Object.keys(own.own).length > 0;
  return (
    <aside className={styles.sheet} aria-label={t("help.title")}>
      <div className={styles.head}>
        <h2>{t("help.title")}</h2>
        <fieldset className={styles.switch} aria-label={t("help.map")}>
          {(Object.keys(KEYMAPS) as KeymapName[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === own.base}
              onClick={() => onKeys({ base: name, own: own.own })}
            >
              {t(`help.${name}`)}
            </button>
          ))}
        </fieldset>
        {changed && (
          <button type="button" className={styles.reset} onClick={() => onKeys({ base: own.base, own: {} })}>
            {t("help.reset")}
          </button>
        )}
        <button type="button" className={styles.close} onClick={onClose} aria-label={t("help.close")}>
          <IconX size={17} />
        </button>
      </div>
      <div className={styles.body}>
        <p className={styles.hint}>{t("help.edit")}</p>
        <div className={styles.groups}>
          {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
            <Group
              key={group}
              title={t(`help.groups.${group}`)}
              commands={commandsOf(group)}
              keymap={keymap}
              onKey={(command, key) => onKeys(withKey(own, command, key))}
            />
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

function Group({
  title,
  commands,
  keymap,
  onKey,
}: {
  title: string;
  commands: readonly Command[];
  keymap: Keymap;
  onKey: (command: Command, key: string) => void;
}) {
  const { t } = useTranslation("viewer");
  return (
    <section className={styles.group}>
      <h3>{title}</h3>
      {commands.map((command) => {
        const text = t(`command.${command.replace(".", "-")}` as "command.help");
        return command === "close" ? (
          <Line key={command} text={text} keys={keysOf(keymap, command)} />
        ) : (
          <EditableLine key={command} text={text} keys={keysOf(keymap, command)} onKey={(key) => onKey(command, key)} />
        );
      })}
    </section>
  );
}

/** A command whose key can be changed: press the button, then the key; Escape leaves it as it was. */
function EditableLine({ text, keys, onKey }: { text: string; keys: readonly string[]; onKey: (key: string) => void }) {
  const { t } = useTranslation("viewer");
  const [recording, setRecording] = useState(false);
  const heard = (event: KeyboardEvent) => {
    if (!recording) return;
    event.preventDefault();
    event.stopPropagation();
    const key = nameOfKey(event);
    if (key === "escape" || key === "tab") return setRecording(false);
    if (!isFree(key)) return;
    setRecording(false);
    onKey(key);
  };
  return (
    <div className={styles.line}>
      <span>{text}</span>
      <button
        type="button"
        className={styles.keys}
        data-recording={recording || undefined}
        aria-label={t("help.change", { command: text, keys: keys.map(sayKey).join(", ") })}
        onClick={() => setRecording(true)}
        onBlur={() => setRecording(false)}
        onKeyDown={heard}
      >
        {recording ? (
          <kbd>{t("help.press")}</kbd>
        ) : keys.length > 0 ? (
          keys.map((key) => <kbd key={key}>{sayKey(key)}</kbd>)
        ) : (
          <kbd>–</kbd>
        )}
      </button>
    </div>
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
