import { Button } from "@mantine/core";
import { IconBroadcast, IconShare3, IconUpload, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { encryptionQuery } from "../admin/queries.ts";
import { useSession } from "../session.ts";
import { Copyable } from "../ui/Copyable.tsx";

/** A new organisation's list teaches how the first study comes in. */
export function EmptyList({ onChooseFiles }: { onChooseFiles: () => void }) {
  const { t } = useTranslation("worklist");
  const session = useSession();
  const { data } = useQuery({ ...encryptionQuery, enabled: session.can.administer, retry: false });
  const port = data?.wires.find(({ wire, state }) => wire === "dicom-tls" && state === "on")?.port ?? 2762;
  if (!session.can.upload && !session.can.administer)
    return (
      <div className="empty">
        <h2>{t("empty.title")}</h2>
        <p className="muted">{t("empty.referrer")}</p>
      </div>
    );
  return (
    <div className="empty">
      <h2>{t("empty.title")}</h2>
      <p className="muted">{t("empty.lead")}</p>
      <ol className="empty-ways">
        <li>
          <IconBroadcast size={22} stroke={1.5} aria-hidden />
          <h3>{t("empty.modality")}</h3>
          <p className="muted">{t("empty.modalityText")}</p>
          <dl className="facts">
            <dt>{t("empty.ae")}</dt>
            <dd>
              <Copyable text="SAFELIGHT" />
            </dd>
            <dt>{t("empty.host")}</dt>
            <dd>
              <Copyable text={window.location.hostname} />
            </dd>
            <dt>{t("empty.port")}</dt>
            <dd>
              <Copyable text={String(port)} />
            </dd>
          </dl>
          {session.can.administer && <Link to="/admin/devices">{t("empty.devices")}</Link>}
        </li>
        {session.can.upload ? (
          <li>
            <IconUpload size={22} stroke={1.5} aria-hidden />
            <h3>{t("empty.uploadTitle")}</h3>
            <p className="muted">{t("empty.uploadText")}</p>
            <Button onClick={onChooseFiles}>{t("empty.uploadAction")}</Button>
          </li>
        ) : (
          <li>
            <IconUsers size={22} stroke={1.5} aria-hidden />
            <h3>{t("empty.peopleTitle")}</h3>
            <p className="muted">{t("empty.peopleText")}</p>
            <Link to="/admin/people">{t("empty.people")}</Link>
          </li>
        )}
        <li>
          <IconShare3 size={22} stroke={1.5} aria-hidden />
          <h3>{t("empty.share")}</h3>
          <p className="muted">{t("empty.shareText")}</p>
          {session.can.administer && <Link to="/admin/partners">{t("empty.partners")}</Link>}
        </li>
      </ol>
    </div>
  );
}
