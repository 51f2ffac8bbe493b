import { IconAlertTriangle, IconShieldLock } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { EncryptionState } from "#contract/studies.ts";
import { bytes, day, moment } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { sayRefusal } from "../words/say.ts";
import { encryptionQuery } from "./queries.ts";
import "./encryption.css";

/** What protects the images at this moment, as the running system reports it. */
export function EncryptionPage() {
  const { t } = useTranslation("admin");
  const { data, error } = useQuery({ ...encryptionQuery, refetchInterval: 30_000 });
  return (
    <Page title={t("encryption.title")} lead={t("encryption.lead")}>
      {error && <p className="page-error">{sayRefusal(error)}</p>}
      {data && (
        <>
          <Summary state={data} />
          <div className="enc">
            <Wires wires={data.wires} />
            <Stores stores={data.stores} />
            <Keys keys={data.keys} />
            <BackupAndWitnesses state={data} />
          </div>
        </>
      )}
    </Page>
  );
}

function Summary({ state }: { state: EncryptionState }) {
  const { t } = useTranslation("admin");
  const plain = state.wires.filter((wire) => wire.state === "loopback-plain");
  return (
    <p className="enc-summary" data-open={plain.length > 0 || undefined}>
      {plain.length > 0 ? <IconAlertTriangle size={20} aria-hidden /> : <IconShieldLock size={20} aria-hidden />}
      {plain.length > 0
        ? t("encryption.summaryOpen", { wires: plain.map(({ wire }) => t(`encryption.wire.${wire}`)).join(", ") })
        : t("encryption.summaryGood")}
    </p>
  );
}

const WIRE_KIND = { on: "ok", off: "off", "loopback-plain": "wait" } as const;

function Wires({ wires }: { wires: EncryptionState["wires"] }) {
  const { t } = useTranslation("admin");
  return (
    <section>
      <h2>{t("encryption.wires")}</h2>
      <ul className="enc-list">
        {wires.map((wire) => (
          <li key={wire.wire}>
            <div className="enc-line">
              <b>{t(`encryption.wire.${wire.wire}`)}</b>
              <span className="tag" data-kind={WIRE_KIND[wire.state]}>
                {t(`encryption.state.${wire.state}`)}
              </span>
              <span className="muted">{wire.port !== null && t("encryption.port", { port: wire.port })}</span>
              <span className="enc-right mono">{wire.tls ?? (wire.state === "off" ? "" : t("encryption.noTls"))}</span>
            </div>
            {wire.certificate && (
              <dl className="enc-facts">
                <dt>{t("encryption.certificate")}</dt>
                <dd>
                  {wire.certificate.subject}{" "}
                  <span className="muted">· {t("encryption.until", { date: day(wire.certificate.notAfter) })}</span>
                </dd>
                <dt>{t("encryption.issuer")}</dt>
                <dd>{wire.certificate.issuer}</dd>
                <dt>{t("encryption.fingerprint")}</dt>
                <dd className="mono">{wire.certificate.sha256}</dd>
              </dl>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Stores({ stores }: { stores: EncryptionState["stores"] }) {
  const { t } = useTranslation("admin");
  return (
    <section>
      <h2>{t("encryption.stores")}</h2>
      <ul className="enc-list">
        {stores.map((store) => (
          <li key={store.store}>
            <div className="enc-line">
              <b>{t(`encryption.store.${store.store}`)}</b>
              <span className="tag" data-kind="ok">
                {t(`encryption.algorithm.${store.algorithm}`)}
              </span>
              <span className="enc-right muted">
                {t("encryption.objects", { count: store.sealedObjects })} · {bytes(store.bytes)}
              </span>
            </div>
            {store.algorithm === "AES-256-GCM values" && (
              <dl className="enc-facts">
                <dt>{t("encryption.clear")}</dt>
                <dd>{t("encryption.clearText")}</dd>
              </dl>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Keys({ keys }: { keys: EncryptionState["keys"] }) {
  const { t } = useTranslation("admin");
  return (
    <section>
      <h2>{t("encryption.keys")}</h2>
      <ol className="enc-list enc-keys">
        {keys.map((key) => (
          <li key={`${key.kind} ${key.version}`}>
            <div className="enc-line">
              <b>{t(`encryption.key.${key.kind}`, { id: key.master ?? "" })}</b>
              <span className="muted">{t("encryption.version", { version: key.version })}</span>
              <span className="enc-right muted">{day(key.createdAt)}</span>
            </div>
            <p className="muted">
              {key.kind !== "master" &&
                `${key.master === null ? t("encryption.wrappedByOrganisation") : t("encryption.wrappedByMaster", { id: key.master })} · `}
              {t(`encryption.where.${key.where}`)}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function BackupAndWitnesses({ state }: { state: EncryptionState }) {
  const { t } = useTranslation("admin");
  const { backup, witnesses } = state;
  return (
    <section>
      <h2>{t("encryption.backup")}</h2>
      <ul className="enc-list">
        <li>
          <div className="enc-line">
            <span className="tag" data-kind={backup.lastAt ? "ok" : "wait"}>
              {backup.lastAt ? t("encryption.lastBackup", { at: moment(backup.lastAt) }) : t("encryption.noBackup")}
            </span>
          </div>
          {backup.lastAt && (
            <p className="muted">{backup.keyKeptElsewhere ? t("encryption.keyElsewhere") : t("encryption.keyHere")}</p>
          )}
          {backup.sha256 && <p className="mono faint">{backup.sha256}</p>}
        </li>
      </ul>
      <h2>{t("encryption.witnesses")}</h2>
      <ul className="enc-list">
        {witnesses.map((witness) => (
          <li key={witness.kind}>
            <div className="enc-line">
              <b>{t(`encryption.witness.${witness.kind}`)}</b>
              <span className="enc-right muted">
                {witness.lastAt
                  ? t("encryption.witnessSize", { count: witness.size, at: moment(witness.lastAt) })
                  : t("encryption.witnessNever")}
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
