import { Button, MultiSelect, Select, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { PURPOSES, type Purpose } from "#contract/words.ts";
import { recordAgreement } from "../sharing/queries.ts";
import { CountriesPick } from "../ui/CountryPick.tsx";
import { sayRefusal } from "../words/say.ts";

const KINDS = ["operator", "processor", "business-associate", "joint-care"] as const;
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** Records the paper with a partner: what it covers and how long. */
export function AgreementForm({
  purposes: first,
  onRecorded,
  onCancel,
}: {
  purposes: Purpose[];
  onRecorded: (id: string | undefined) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation(["sharing", "common"]);
  const [partner, setPartner] = useState("");
  const [kind, setKind] = useState<(typeof KINDS)[number]>("operator");
  const [reference, setReference] = useState("");
  const [purposes, setPurposes] = useState<Purpose[]>(first);
  const [countries, setCountries] = useState<string[]>([]);
  const [from, setFrom] = useState(inDays(0));
  const [until, setUntil] = useState(inDays(365));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const record = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const { id } = await recordAgreement({
        partner: partner.trim(),
        kind,
        reference: reference.trim(),
        purposes,
        countries,
        from: new Date(`${from}T00:00:00`).toISOString(),
        until: new Date(`${until}T23:59:59`).toISOString(),
      });
      onRecorded(id);
    } catch (thrown) {
      setError(sayRefusal(thrown));
    }
    setBusy(false);
  };
  return (
    <form className="desk-form" onSubmit={(event) => void record(event)}>
      <div className="share-two">
        <TextInput
          label={t("agreement.partner")}
          required
          withAsterisk={false}
          value={partner}
          maxLength={120}
          onChange={(event) => setPartner(event.currentTarget.value)}
        />
        <Select
          label={t("agreement.kind")}
          allowDeselect={false}
          value={kind}
          onChange={(value) => value && setKind(value as typeof kind)}
          data={KINDS.map((value) => ({ value, label: t(`agreement.kinds.${value}`) }))}
        />
        <TextInput
          label={t("agreement.from")}
          type="date"
          required
          withAsterisk={false}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          label={t("agreement.until")}
          type="date"
          required
          withAsterisk={false}
          value={until}
          min={from}
          onChange={(event) => setUntil(event.currentTarget.value)}
        />
      </div>
      <MultiSelect
        label={t("agreement.purposes")}
        value={purposes}
        onChange={(values) => setPurposes(values as Purpose[])}
        data={PURPOSES.map((value) => ({ value, label: t(`common:purpose.${value}`) }))}
      />
      <div className="share-two">
        <TextInput
          label={t("agreement.reference")}
          value={reference}
          maxLength={200}
          onChange={(event) => setReference(event.currentTarget.value)}
        />
        <CountriesPick label={t("agreement.countries")} value={countries} onChange={setCountries} />
      </div>
      {error && (
        <p role="alert" className="share-error">
          {error}
        </p>
      )}
      <div className="share-actions">
        <Button variant="subtle" color="gray" style={{ marginRight: "auto" }} onClick={onCancel}>
          {t("common:back")}
        </Button>
        <Button type="submit" loading={busy} disabled={!partner.trim() || purposes.length === 0}>
          {t("agreement.record")}
        </Button>
      </div>
    </form>
  );
}
