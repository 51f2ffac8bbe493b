import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { CreatedDevice, DeviceRow } from "#contract/people.ts";
import { ask, Nothing } from "../../api.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { day, moment } from "../../ui/format.ts";
import { Page, Table } from "../../ui/Page.tsx";
import { useNow } from "../../ui/useNow.ts";
import { devicesQuery } from "../queries.ts";
import { DeviceForm } from "./DeviceForm.tsx";
import { DeviceReady } from "./DeviceReady.tsx";

export function DevicesPage() {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const { data: devices = [] } = useQuery(devicesQuery);
  const [adding, setAdding] = useState(false);
  const [created, setCreated] = useState<z.infer<typeof CreatedDevice>>();
  const [revoking, setRevoking] = useState<DeviceRow>();
  const refresh = () => queries.invalidateQueries({ queryKey: ["devices"] });
  return (
    <Page
      title={t("devices.title")}
      lead={t("devices.lead")}
      actions={<Button onClick={() => setAdding(true)}>{t("devices.add")}</Button>}
    >
      <Table
        label={t("devices.title")}
        rows={devices}
        id={(device) => device.id}
        empty={t("devices.none")}
        columns={[
          {
            key: "ae",
            label: t("devices.ae"),
            cell: (device) => (
              <>
                <b className="mono">{device.aeTitle}</b>
                <small>{device.description}</small>
              </>
            ),
          },
          {
            key: "services",
            label: t("devices.services"),
            cell: (device) =>
              device.services.map((one) => t(`devices.service.${one as "store"}`, { defaultValue: one })).join(", "),
          },
          { key: "certificate", label: t("devices.certificate"), cell: (device) => <Certificate device={device} /> },
          {
            key: "seen",
            label: t("devices.seen"),
            cell: (device) => (
              <span className="muted">{device.lastSeenAt ? moment(device.lastSeenAt) : t("devices.never")}</span>
            ),
          },
          {
            key: "do",
            label: "",
            cell: (device) =>
              !device.revokedAt && (
                <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setRevoking(device)}>
                  {t("devices.revoke")}
                </Button>
              ),
          },
        ]}
      />
      {adding && (
        <DeviceForm
          onClose={() => setAdding(false)}
          onCreated={(device) => {
            setAdding(false);
            setCreated(device);
            void refresh();
          }}
        />
      )}
      {created && <DeviceReady created={created} onClose={() => setCreated(undefined)} />}
      {revoking && (
        <Confirm
          title={t("devices.revokeTitle", { ae: revoking.aeTitle })}
          text={t("devices.revokeText")}
          action={t("devices.revoke")}
          onDo={() => ask(`/api/devices/${revoking.id}`, Nothing, { method: "DELETE" }).then(refresh)}
          onClose={() => setRevoking(undefined)}
        />
      )}
    </Page>
  );
}

function Certificate({ device }: { device: DeviceRow }) {
  const { t } = useTranslation("admin");
  const now = useNow();
  if (device.revokedAt)
    return (
      <span className="tag" data-kind="off">
        {t("devices.revoked", { date: day(device.revokedAt) })}
      </span>
    );
  if (device.pairing)
    return (
      <>
        <span className="tag" data-kind="wait">
          {t("devices.waiting")}
        </span>
        <small>{t("devices.waitingFor", { title: device.pairing })}</small>
      </>
    );
  const expired = device.notAfter !== null && Date.parse(device.notAfter) < now;
  return (
    <>
      <span className="tag" data-kind={expired ? "bad" : "ok"}>
        {expired ? t("devices.expired") : device.notAfter ? t("devices.until", { date: day(device.notAfter) }) : "–"}
      </span>
      {device.certificateSha256 && <small className="mono">{device.certificateSha256.slice(0, 16)}…</small>}
    </>
  );
}
