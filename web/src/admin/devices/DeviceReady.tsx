import { Button, Modal } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { CreatedDevice } from "#contract/people.ts";
import { Copyable } from "../../ui/Copyable.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { encryptionQuery } from "../queries.ts";

/** The files a device needs, and what to enter there. The key is shown now or never; one that brought its own certificate has to call its one-time title first. */
export function DeviceReady({ created, onClose }: { created: z.infer<typeof CreatedDevice>; onClose: () => void }) {
  const { t } = useTranslation(["admin", "common"]);
  const { data } = useQuery(encryptionQuery);
  const port = data?.wires.find(({ wire, state }) => wire === "dicom-tls" && state === "on")?.port ?? 2762;
  const host = window.location.hostname;
  const ae = created.device.aeTitle;
  const name = ae.replace(/[^A-Za-z0-9_-]/g, "_").toLowerCase();
  const files = [
    { key: "certificate" as const, file: `${name}.crt.pem`, text: created.certificate },
    ...(created.key ? [{ key: "key" as const, file: `${name}.key.pem`, text: created.key }] : []),
    { key: "authority" as const, file: "safelight-ca.pem", text: created.authority },
  ];
  const { pairing } = created.device;
  const tls = `+tls ${name}.key.pem ${name}.crt.pem +cf safelight-ca.pem -aet ${ae}`;
  const command = pairing
    ? `echoscu ${tls} -aec ${pairing} ${host} ${port}`
    : `storescu ${tls} -aec SAFELIGHT ${host} ${port} image.dcm`;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(pairing ? "devices.waitingTitle" : "devices.createdTitle", { ae })}
      size={640}
      closeOnClickOutside={false}
    >
      <div className="page-form">
        <p className="muted">{t(pairing ? "devices.waitingText" : "devices.createdText")}</p>
        <div className="page-row">
          {files.map(({ key, file, text }) => (
            <Button
              key={key}
              variant={key === "key" ? "filled" : "default"}
              leftSection={<IconDownload size={16} aria-hidden />}
              onClick={() => saveFile(file, text, "application/x-pem-file")}
            >
              {t(`devices.file.${key}`)}
            </Button>
          ))}
        </div>
        <h3>{t("devices.recipe")}</h3>
        <dl className="recipe">
          {pairing && (
            <>
              <dt>{t("devices.recipePairing")}</dt>
              <dd>
                <Copyable text={pairing} />
              </dd>
            </>
          )}
          <dt>{t(pairing ? "devices.recipeThen" : "devices.recipeAe")}</dt>
          <dd>
            <Copyable text="SAFELIGHT" />
          </dd>
          <dt>{t("devices.recipeHost")}</dt>
          <dd>
            <Copyable text={host} />
          </dd>
          <dt>{t("devices.recipePort")}</dt>
          <dd>
            <Copyable text={String(port)} />
          </dd>
          <dt>TLS</dt>
          <dd>{t("devices.recipeTls")}</dd>
          <dt>{t(pairing ? "devices.pair" : "devices.try")}</dt>
          <dd>
            <Copyable text={command} />
          </dd>
        </dl>
        <div className="page-end">
          <Button onClick={onClose}>{t("common:done")}</Button>
        </div>
      </div>
    </Modal>
  );
}
