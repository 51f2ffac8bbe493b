import { Button, Menu, Modal, Textarea } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconChevronDown, IconRulerMeasure } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Report } from "#contract/studies.ts";
import { Refused } from "../api.ts";
import { dicomDate, personName } from "../ui/format.ts";
import { useViewer } from "../viewer/context.ts";
import { sayBecause, sayRefusal } from "../words/say.ts";
import { studyQuery } from "../worklist/queries.ts";
import { type Choice, Moved } from "./Moved.tsx";
import { readReport, saveDraft, signReport, takeOver, type Unsaved } from "./queries.ts";
import { SECTIONS } from "./sections.ts";
import { joined, newestOf } from "./text.ts";
import { type Saving, useDraft } from "./useDraft.ts";
import { Versions } from "./Versions.tsx";

type Signing = "preliminary" | "final" | "addendum";
type Props = {
  owner: string;
  id: string;
  title: string;
  report: Report;
  addendum: boolean;
  unsaved: Unsaved | undefined;
  onUnsaved: (unsaved: Unsaved | undefined) => void;
  onSigned: () => void;
  /** The report is no longer what it was read as. */
  onMoved: () => void;
  onCancel: () => void;
};

/** Four sections that save themselves; signing asks once, and signs what stands in them. Ctrl+Enter signs. */
export function ReportEditor(props: Props) {
  const { owner, id, title, report, addendum, unsaved, onUnsaved, onSigned, onMoved, onCancel } = props;
  const { t } = useTranslation(["reports", "common"]);
  const draft = useDraft({
    first: newestOf(report),
    unsaved,
    save: (text, base) => saveDraft(owner, id, text, base),
    read: () => readReport(owner, id),
    onUnsaved,
  });
  const moved = draft.saving.is === "moved" ? draft.saving.now : undefined;
  const [later, setLater] = useState<Report>(); // what was looked at and put off
  const choose = async (now: Report, choice: Choice) => {
    const from = newestOf(now);
    if (choice === "other") {
      await draft.goOn(from, from.text);
      return onMoved();
    }
    const text = choice === "both" ? joined(from.text, draft.text) : draft.text;
    try {
      const own = now.draft && !now.draft.mine ? newestOf(await takeOver(owner, id, now.draft)) : from;
      if (await draft.goOn(own, text)) onMoved();
    } catch (thrown) {
      notifications.show({ message: sayRefusal(thrown), color: "red" });
      await draft.moved().catch(() => {}); // another look at what stands there, where the server answers
    }
  };
  const sign = async (status: Signing) => {
    const read = await draft.settle();
    if (!read) throw new Refused(0, { code: "report.unsaved", message: "" });
    try {
      await signReport(owner, id, status, read);
    } catch (thrown) {
      if (thrown instanceof Refused && thrown.code === "state.conflict") await draft.moved();
      throw thrown;
    }
  };
  const [signing, setSigning] = useState<Signing>();
  const boxes = useRef<Partial<Record<(typeof SECTIONS)[number], HTMLTextAreaElement | null>>>({});
  const first: Signing = addendum ? "addendum" : "final";
  const empty = SECTIONS.every((name) => draft.text[name].trim() === "");
  const maySign = report.can.sign.allowed && !moved && !empty;
  useEffect(() => {
    if (addendum) boxes.current.impression?.focus(); // keys go into the text, not to the images
  }, [addendum]);
  useHotkeys([["mod+Enter", () => maySign && setSigning(first)]], []);
  const insert = (words: string) => {
    const box = boxes.current.findings;
    const text = draft.text.findings;
    const at = box?.selectionStart ?? text.length;
    const gap = at > 0 && !/\s$/.test(text.slice(0, at)) ? " " : "";
    draft.edit({ findings: `${text.slice(0, at)}${gap}${words}${text.slice(at)}` });
    box?.focus();
  };
  return (
    <>
      <header className="report-head">
        <b>{title}</b>
        <SavingChip
          status={addendum ? "addendum" : report.status === "none" ? "draft" : report.status}
          saving={draft.saving}
        />
      </header>
      <div className="report-text">
        {SECTIONS.map((name) => (
          <section key={name}>
            <label className="report-label" htmlFor={`report-${name}`}>
              {t(`section.${name}`)}
            </label>
            <Textarea
              id={`report-${name}`}
              ref={(box) => {
                boxes.current[name] = box;
              }}
              autosize
              minRows={name === "findings" ? 6 : name === "impression" ? 3 : 1}
              maxRows={name === "findings" ? 24 : 10}
              value={draft.text[name]}
              className={name === "impression" ? "report-impression" : ""}
              onChange={(event) => draft.edit({ [name]: event.currentTarget.value })}
            />
          </section>
        ))}
        <Versions report={report} />
      </div>
      {moved && (
        <p role="alert" className="report-moved">
          {t("movedUnsaved")}{" "}
          <Button variant="default" size="compact-sm" onClick={() => setLater(undefined)}>
            {t("compare")}
          </Button>
        </p>
      )}
      <footer className="report-foot">
        <InsertMeasurement onInsert={insert} />
        <span style={{ flex: 1 }} />
        {addendum && (
          <Button variant="default" onClick={onCancel}>
            {t("common:cancel")}
          </Button>
        )}
        <Button.Group>
          <Button
            disabled={!maySign}
            title={
              !report.can.sign.allowed ? sayBecause(report.can.sign.because) : empty ? t("nothingToSign") : undefined
            }
            onClick={() => setSigning(first)}
            rightSection={<kbd className="kbd kbd-on">⌃↵</kbd>}
          >
            {addendum ? t("signAddendum") : t("sign")}
          </Button>
          {!addendum && (
            <Menu position="top-end">
              <Menu.Target>
                <Button px={8} disabled={!maySign} aria-label={t("common:more")}>
                  <IconChevronDown size={16} aria-hidden />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setSigning("final")}>{t("signFinal")}</Menu.Item>
                <Menu.Item onClick={() => setSigning("preliminary")}>{t("signPreliminary")}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </Button.Group>
      </footer>
      {signing && (
        <Confirm
          owner={owner}
          id={id}
          signing={signing}
          impression={draft.text.impression}
          onCancel={() => setSigning(undefined)}
          onSign={() => sign(signing).then(onSigned)}
        />
      )}
      {moved && moved !== later && (
        <Moved
          mine={draft.text}
          now={moved}
          onChoose={(choice) => choose(moved, choice)}
          onClose={() => setLater(moved)}
        />
      )}
    </>
  );
}

function SavingChip({ status, saving }: { status: Exclude<Report["status"], "none">; saving: Saving }) {
  const { t } = useTranslation("reports");
  const state = {
    clean: "",
    dirty: t("unsaved"),
    saving: t("saving"),
    saved: t("savedAt"),
    failed: "",
    moved: t("unsaved"),
  }[saving.is];
  return (
    <span className="report-chip" data-failed={saving.is === "failed" || undefined} aria-live="polite">
      {saving.is === "failed"
        ? t("failed", { reason: saving.reason })
        : [t(`status.${status}`), state].filter(Boolean).join(" · ")}
    </span>
  );
}

/** Takes what was measured in the images into the findings, with its image number. */
function InsertMeasurement({ onInsert }: { onInsert: (words: string) => void }) {
  const { t } = useTranslation("reports");
  const viewer = useViewer();
  if (!viewer) return null;
  const measured = viewer.markings.filter((marking) => marking.text !== "");
  return (
    <Menu position="top-start" disabled={measured.length === 0}>
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconRulerMeasure size={16} aria-hidden />}
          title={measured.length === 0 ? t("insertNone") : undefined}
          aria-disabled={measured.length === 0}
        >
          {t("insert")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {measured.slice(-8).map((marking) => (
          <Menu.Item key={marking.id} onClick={() => onInsert(marking.text)}>
            {marking.text}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Confirm({
  owner,
  id,
  signing,
  impression,
  onCancel,
  onSign,
}: {
  owner: string;
  id: string;
  signing: Signing;
  impression: string;
  onCancel: () => void;
  onSign: () => Promise<void>;
}) {
  const { t } = useTranslation(["reports", "common"]);
  const { data: study } = useQuery(studyQuery(owner, id));
  const [busy, setBusy] = useState(false);
  const halts = impression.trim() === "";
  const words = {
    final: { title: t("confirmFinal"), text: t("confirmFinalText"), button: t("signFinal") },
    preliminary: { title: t("confirmPreliminary"), text: t("confirmPreliminaryText"), button: t("signPreliminary") },
    addendum: { title: t("confirmAddendum"), text: t("confirmAddendumText"), button: t("signAddendum") },
  }[signing];
  const go = async () => {
    setBusy(true);
    try {
      await onSign();
      notifications.show({ message: t(`signedAs.${signing}`), autoClose: 3000 });
    } catch (thrown) {
      notifications.show({ message: sayRefusal(thrown), color: "red" });
      onCancel();
    }
    setBusy(false);
  };
  return (
    <Modal opened onClose={onCancel} title={words.title} size={420}>
      <div className="report-confirm">
        {study && (
          <p>
            <b>{personName(study.patientName)}</b>
            <br />
            <span className="muted">
              {[study.description, dicomDate(study.studyDate), study.ownerName].filter(Boolean).join(" · ")}
            </span>
          </p>
        )}
        <p>{words.text}</p>
        {halts && <p className="report-warn">{t("emptyImpression")}</p>}
        <div className="report-foot">
          <span style={{ flex: 1 }} />
          <Button variant="default" onClick={onCancel} data-autofocus={halts || undefined}>
            {t("common:cancel")}
          </Button>
          <Button data-autofocus={!halts || undefined} loading={busy} onClick={() => void go()}>
            {words.button}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
