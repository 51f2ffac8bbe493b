import { Button, CopyButton, Select } from "@mantine/core";
import { IconCheck, IconCopy, IconPrinter } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { Shared } from "#contract/sharing.ts";
import type { StudyDetail } from "#contract/studies.ts";
import { LANGUAGES, type Language, portalWordsOf } from "../portal/words/languages.ts";
import { useSession } from "../session.ts";
import { Copyable } from "../ui/Copyable.tsx";
import { Qr } from "../ui/Qr.tsx";
import { PrintSheet } from "./PrintSheet.tsx";
import { partnerNameOf } from "./partner.ts";
import type { Draft } from "./proposal.ts";

type Props = {
  created: z.infer<typeof Shared>;
  draft: Draft;
  study: StudyDetail;
  onAgain: () => void;
  onClose: () => void;
};

/** The link, shown once: copy it, show its code, print the sheet. */
export function Created({ created, draft, study, onAgain, onClose }: Props) {
  const { t } = useTranslation(["sharing", "common"]);
  const name = partnerNameOf(draft, study);
  return (
    <section className="created" aria-live="polite">
      <h3>
        <IconCheck size={20} aria-hidden /> {created.link ? t("created.link") : t("created.shared", { name })}
      </h3>
      <p className="muted">{created.link ? t("created.linkLead") : t("created.sharedLead")}</p>
      {created.link && <TheLink url={created.link.url} draft={draft} />}
      <div className="share-actions">
        <Button variant="default" onClick={onAgain}>
          {t("created.another")}
        </Button>
        <Button onClick={onClose}>{t("common:done")}</Button>
      </div>
    </section>
  );
}

function TheLink({ url, draft }: { url: string; draft: Draft }) {
  const { t } = useTranslation(["sharing", "common"]);
  const { organisation } = useSession();
  const offered = LANGUAGES.filter((language) => organisation.languages.includes(language.code));
  const [language, setLanguage] = useState<Language>(offered[0]?.code ?? "en");
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    if (!printing) return;
    const done = () => setPrinting(false);
    window.addEventListener("afterprint", done);
    void portalWordsOf(language).then(() => requestAnimationFrame(() => window.print()));
    return () => window.removeEventListener("afterprint", done);
  }, [printing, language]);
  return (
    <>
      <div className="created-link">
        <div className="created-qr">
          <Qr text={url} label={t("created.qr")} size={168} />
        </div>
        <div className="created-side">
          <code className="mono">{url}</code>
          <p>{t(`created.apart.${draft.challenge}`, { address: draft.address })}</p>
          {draft.challenge === "password" && (
            <div className="created-password">
              <span className="muted">{t("created.password")}</span>
              <Copyable text={draft.password} />
            </div>
          )}
          <div className="share-row">
            <CopyButton value={url} timeout={2000}>
              {({ copied, copy }) => (
                <Button
                  onClick={copy}
                  leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                >
                  {copied ? t("common:copied") : t("created.copy")}
                </Button>
              )}
            </CopyButton>
            <Button
              variant="default"
              leftSection={<IconPrinter size={16} aria-hidden />}
              onClick={() => setPrinting(true)}
            >
              {t("created.print")}
            </Button>
            {offered.length > 1 && (
              <Select
                label={t("created.sheetLanguage")}
                w={170}
                allowDeselect={false}
                value={language}
                data={offered.map(({ code, name }) => ({ value: code, label: name }))}
                onChange={(value) => value && setLanguage(value as Language)}
              />
            )}
          </div>
        </div>
      </div>
      {printing && <PrintSheet url={url} draft={draft} language={language} organisation={organisation} />}
    </>
  );
}
