import { Button, Checkbox, Modal, NumberInput, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import { CreatedDevice } from "#contract/people.ts";
import { ask } from "../../api.ts";
import { useForm } from "../../ui/useForm.ts";

const FIRST = { aeTitle: "", description: "", certificate: "", query: false, host: "", port: "" as number | "" };

export function DeviceForm({
  onClose,
  onCreated,
}: {
  onClose: () => void;
  onCreated: (created: z.infer<typeof CreatedDevice>) => void;
}) {
  const { t } = useTranslation(["admin", "common"]);
  const form = useForm(FIRST, async ({ aeTitle, description, certificate, query, host, port }) => {
    const body = {
      aeTitle: aeTitle.trim(),
      description,
      query,
      ...(certificate.trim() ? { certificate } : {}),
      ...(host.trim() ? { host: host.trim() } : {}),
      ...(port === "" ? {} : { port }),
    };
    onCreated(await ask("/api/devices", CreatedDevice, { body }));
  });
  const { values, set } = form;
  return (
    <Modal opened onClose={onClose} title={t("devices.add")} size={560}>
      <form className="page-form" onSubmit={form.onSubmit}>
        <div className="page-two">
          <TextInput
            data-autofocus
            label={t("devices.ae")}
            required
            withAsterisk={false}
            maxLength={16}
            value={values.aeTitle}
            onChange={(event) => set({ aeTitle: event.currentTarget.value })}
          />
          <TextInput
            label={t("devices.description")}
            maxLength={200}
            value={values.description}
            onChange={(event) => set({ description: event.currentTarget.value })}
          />
        </div>
        <Checkbox
          label={t("devices.query")}
          checked={values.query}
          onChange={(event) => set({ query: event.currentTarget.checked })}
        />
        <Textarea
          label={t("devices.own")}
          description={t("devices.ownText")}
          autosize
          minRows={2}
          maxRows={6}
          classNames={{ input: "mono" }}
          value={values.certificate}
          onChange={(event) => set({ certificate: event.currentTarget.value })}
        />
        <div className="page-two">
          <TextInput
            label={t("devices.host")}
            maxLength={253}
            value={values.host}
            onChange={(event) => set({ host: event.currentTarget.value })}
          />
          <NumberInput
            label={t("devices.port")}
            min={1}
            max={65535}
            allowDecimal={false}
            hideControls
            value={values.port}
            onChange={(port) => set({ port: typeof port === "number" ? port : "" })}
          />
        </div>
        {form.error && (
          <p role="alert" className="page-error">
            {form.error}
          </p>
        )}
        <div className="page-end">
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t("devices.create")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
