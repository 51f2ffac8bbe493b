import i18next from "i18next";
import { createPortal } from "react-dom";
import type { OrganisationCard } from "#contract/people.ts";
import { dayIn } from "../portal/when.ts";
import type { Language } from "../portal/words/languages.ts";
import { Qr } from "../ui/Qr.tsx";
import { useNow } from "../ui/useNow.ts";
import type { Draft } from "./proposal.ts";
import "./print-sheet.css";

type Props = { url: string; draft: Draft; language: Language; organisation: OrganisationCard };

/** The sheet for the hand: the square, the address, three steps. No name, no birth date, no password stands on it. */
export function PrintSheet({ url, draft, language, organisation }: Props) {
  const now = useNow();
  const t = i18next.getFixedT(language, "portal");
  const date = dayIn(language, new Date(now + draft.days * 86_400_000), true);
  return createPortal(
    <div className="sheet" lang={language}>
      <header style={{ borderColor: organisation.colour }}>
        {organisation.logo ? <img src={organisation.logo} alt="" /> : null}
        <b>{organisation.name}</b>
      </header>
      <h1>{t("sheet.title")}</h1>
      <p className="sheet-lead">{t("sheet.lead", { organisation: organisation.name })}</p>
      <div className="sheet-body">
        <Qr text={url} label={url} size={300} />
        <ol>
          <li>{t("sheet.step1")}</li>
          <li>{t(`sheet.step2${draft.challenge}`)}</li>
          <li>{t("sheet.step3")}</li>
        </ol>
      </div>
      <p className="sheet-url">{url}</p>
      <p>
        <b>{t("sheet.ends", { date })}</b>
      </p>
      <p className="sheet-keep">{t("sheet.keep")}</p>
    </div>,
    document.body,
  );
}
