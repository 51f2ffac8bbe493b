import { Modal, SegmentedControl } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { ChallengeCard } from "../portal/ChallengeCard.tsx";
import type { LinkCard, LinkStudy } from "../portal/client.ts";
import { accentStyle } from "../portal/own-colour.ts";
import type { Pictures } from "../portal/pictures.ts";
import { StudyView } from "../portal/StudyView.tsx";
import { portalWordsOf } from "../portal/words/languages.ts";
import { useSession } from "../session.ts";
import { useNow } from "../ui/useNow.ts";
import type { Draft } from "./proposal.ts";
import "../portal/portal.css";

/** The recipient's own pages in a phone's frame, filled from what the sender sees; nothing is opened, sent or counted. */
export function RecipientPreview({ draft, study, onClose }: { draft: Draft; study: StudyDetail; onClose: () => void }) {
  const { t } = useTranslation("sharing");
  const { organisation } = useSession();
  const now = useNow();
  const [stage, setStage] = useState<"card" | "inside">("card");
  const [ready, setReady] = useState(false);
  useEffect(() => void portalWordsOf("en").then(() => setReady(true)), []);
  const endsAt = new Date(now + draft.days * 86_400_000).toISOString();
  const maskedAddress = masked(draft.address);
  const card: LinkCard = { organisation, challenge: draft.challenge, maskedAddress, endsAt, inside: false };
  return (
    <Modal opened onClose={onClose} title={t("recipientPreview.title")} size={520}>
      <p className="muted">{t("recipientPreview.lead")}</p>
      <SegmentedControl
        fullWidth
        my="md"
        value={stage}
        onChange={(value) => setStage(value as typeof stage)}
        data={[
          { value: "card", label: t("recipientPreview.card") },
          { value: "inside", label: t("recipientPreview.inside") },
        ]}
      />
      <div className="phone room-light" style={accentStyle(organisation.colour)} inert>
        {ready && stage === "card" && (
          <ChallengeCard card={card} onAnswer={async () => {}} onSendCode={async () => {}} onClosed={() => {}} />
        )}
        {ready && stage === "inside" && (
          <StudyView
            live={false}
            study={linkStudyOf(draft, study, card)}
            pictures={picturesOf(study)}
            onForget={() => {}}
            onClosed={() => {}}
          />
        )}
      </div>
    </Modal>
  );
}

function masked(address: string): string {
  const [local = "", domain] = address.split("@");
  if (!domain) return address ? `…${address.slice(-3)}` : "…";
  return local.length < 2 ? `…@${domain}` : `${local.slice(0, 1)}…${local.slice(-1)}@${domain}`;
}

function linkStudyOf(draft: Draft, study: StudyDetail, card: LinkCard): LinkStudy {
  return {
    organisation: card.organisation,
    recipient: draft.toPatient ? study.patientName : draft.recipient,
    patientName: study.patientName,
    description: study.description,
    studyDate: study.studyDate,
    modalities: study.modalities,
    endsAt: card.endsAt,
    rights: draft.download ? ["view", "download"] : ["view"],
    windows: [],
    series: study.series.map((series) => ({
      id: series.seriesUid,
      description: series.description,
      modality: series.modality,
      instances: [
        {
          id: series.seriesUid,
          kind: series.frames > 0 ? "image" : "document",
          frames: Math.max(1, series.frames),
          rows: null,
          columns: null,
          cine: null,
        },
      ],
    })),
    report: !draft.report
      ? "not-shared"
      : study.report === "final" || study.report === "addendum"
        ? "available"
        : "none",
    framesLeft: 0,
    priors: draft.priors
      ? study.priorStudies.map(({ id, description, studyDate }) => ({ id, description, studyDate }))
      : [],
  };
}

function picturesOf(study: StudyDetail): Pictures {
  const thumbnail = (series: string) => `${study.dicomwebRoot}/studies/${study.studyUid}/series/${series}/thumbnail`;
  return { thumbnail, frame: thumbnail, page: thumbnail };
}
