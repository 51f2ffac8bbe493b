import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Report, ReportText } from "#contract/studies.ts";
import { moment } from "../ui/format.ts";
import { SECTIONS } from "./sections.ts";
import { newestOf } from "./text.ts";

export type Choice = "mine" | "both" | "other";
type Props = {
  mine: ReportText;
  now: Report;
  onChoose: (choice: Choice) => Promise<void>;
  onClose: () => void;
};

/** The report moved on while somebody wrote: both texts side by side, and what to do with them. */
export function Moved({ mine, now, onChoose, onClose }: Props) {
  const { t } = useTranslation("reports");
  const [busy, setBusy] = useState<Choice>();
  const other = newestOf(now);
  const others = now.draft !== null && !now.draft.mine;
  const at = now.draft?.at ?? now.signedAt;
  const who = { author: now.draft?.author ?? now.author, at: at === null ? "" : moment(at) };
  const said = others ? t("movedOther", who) : now.draft ? t("movedOwn", who) : t("movedSigned", who);
  const choose = (choice: Choice) => {
    setBusy(choice);
    void onChoose(choice).finally(() => setBusy(undefined));
  };
  return (
    <Modal opened onClose={onClose} title={t("moved")} size={860}>
      <div className="report-confirm">
        <p>{said}</p>
        <div className="report-both">
          <Side title={t("movedMine")} text={mine} beside={other.text} />
          <Side title={others ? t("movedTheirs", who) : t("movedThere")} text={other.text} beside={mine} />
        </div>
        {others && <p className="muted">{t("movedTakes", who)}</p>}
        <div className="report-foot report-choices">
          <Button variant="default" loading={busy === "other"} onClick={() => choose("other")}>
            {t("keepOther")}
          </Button>
          <span style={{ flex: 1 }} />
          <Button variant="default" loading={busy === "both"} onClick={() => choose("both")}>
            {others ? t("keepBothTaking") : t("keepBoth")}
          </Button>
          <Button data-autofocus loading={busy === "mine"} onClick={() => choose("mine")}>
            {others ? t("keepMineTaking") : t("keepMine")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

function Side({ title, text, beside }: { title: string; text: ReportText; beside: ReportText }) {
  const { t } = useTranslation("reports");
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {SECTIONS.filter((name) => text[name] !== "" || beside[name] !== "").map((name) => (
        <div key={name} data-differs={text[name] !== beside[name] || undefined}>
          <h4>{t(`section.${name}`)}</h4>
          <p>{text[name] === "" ? <span className="faint">{t("empty")}</span> : text[name]}</p>
        </div>
      ))}
    </section>
  );
}
