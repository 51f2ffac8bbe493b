import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Report } from "#contract/studies.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { moment } from "../ui/format.ts";
import { sayBecause } from "../words/say.ts";
import { takeOver } from "./queries.ts";
import { Sections } from "./Sections.tsx";

type Props = {
  owner: string;
  id: string;
  draft: NonNullable<Report["draft"]>;
  may: Report["can"]["takeOver"];
  onTaken: () => void;
};

/** What somebody else is writing, to be read; whoever may write takes it over as it stands here. */
export function TheirDraft({ owner, id, draft, may, onTaken }: Props) {
  const { t } = useTranslation("reports");
  const [asks, setAsks] = useState(false);
  const said = t("theirDraft", { author: draft.author, at: moment(draft.at) });
  return (
    <section className="report-theirs" aria-label={said}>
      <p className="muted">{said}</p>
      <Sections text={draft.text} />
      <Button
        variant="default"
        disabled={!may.allowed}
        title={may.allowed ? undefined : sayBecause(may.because)}
        onClick={() => setAsks(true)}
      >
        {t("takeOver")}
      </Button>
      {asks && (
        <Confirm
          title={t("takeOverTitle")}
          text={t("takeOverText", { author: draft.author })}
          action={t("takeOver")}
          onDo={() => takeOver(owner, id, draft).finally(onTaken)}
          onClose={() => setAsks(false)}
        />
      )}
    </section>
  );
}
