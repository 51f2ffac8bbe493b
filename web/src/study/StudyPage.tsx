import { Button } from "@mantine/core";
import { IconShare3 } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { ReportPanel } from "../reports/ReportPanel.tsx";
import { ShareDialog } from "../sharing/ShareDialog.tsx";
import { ViewerPage } from "../viewer/ViewerPage.tsx";
import { sayBecause } from "../words/say.ts";

/** One study in the reading room: images, the report beside them, sharing at the top. */
export function StudyPage() {
  const { t } = useTranslation("worklist");
  const { owner, id } = useParams({ strict: false }) as { owner: string; id: string };
  const navigate = useNavigate();
  const [sharing, setSharing] = useState(false);
  const actions = (study: StudyDetail) => (
    <Button
      size="compact-sm"
      style={{ flex: "none" }}
      variant="default"
      leftSection={<IconShare3 size={14} aria-hidden />}
      disabled={!study.can.share.allowed}
      title={study.can.share.allowed ? undefined : sayBecause(study.can.share.because)}
      onClick={() => setSharing(true)}
    >
      {t("preview.share")}
    </Button>
  );
  return (
    <>
      <ViewerPage
        owner={owner}
        id={id}
        actions={actions}
        report={(study: StudyDetail) =>
          study.can.report.allowed || study.report !== "none" ? (
            <ReportPanel owner={owner} id={id} title={study.description || study.modalities.join(", ")} />
          ) : null
        }
        onBack={() => void navigate({ to: "/studies" })}
      />
      {sharing && <ShareDialog owner={owner} id={id} onClose={() => setSharing(false)} />}
    </>
  );
}
