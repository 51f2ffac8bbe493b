import { deviceDoor, deviceJudge } from "#features/people/devices/dimse.ts";
import { DEVICE_REFUSALS } from "#features/people/devices/rules.ts";
import type { Knock, Strangers } from "#features/people/strangers.ts";
import { storeHandler } from "#features/studies/dimse.ts";
import { isLoopback } from "#platform/config.ts";
import { type DicomListener, openDicomListener } from "#platform/dicom/listener.ts";
import type { Log } from "#platform/log.ts";
import type { Metrics } from "#platform/metrics.ts";
import { STORAGE_SOP_CLASSES } from "#standards/dicom/sop-classes.ts";
import { TRANSFER_SYNTAXES } from "#standards/dicom/transfer-syntaxes.ts";
import { StorageOffer } from "#standards/dimse/storage-offer.ts";
import type { Certificates } from "./certificates.ts";
import type { Node } from "./node.ts";

export type DicomPorts = { dicom: number | null; dicomTls: number; close(): Promise<void> };
type Needs = { node: Node; certificates: Certificates; strangers: Strangers; log: Log; metrics: Metrics };

/** The DICOM ports: TLS always, plain on loopback where it was asked for (decision 14). */
export async function openDicom(needs: Needs): Promise<DicomPorts> {
  const { config } = needs.node;
  const { key, cert } = needs.certificates.server;
  const tls = await listen(needs, config.bind, config.dicomTlsPort, { key, cert, ca: needs.certificates.authority });
  const plain =
    config.dicomPort === undefined
      ? null
      : await listen(needs, isLoopback(config.bind) ? config.bind : "127.0.0.1", config.dicomPort, undefined);
  return {
    dicom: plain?.port ?? null,
    dicomTls: tls.port,
    async close() {
      await Promise.all([tls.close(), plain?.close()]);
    },
  };
}

type Tls = { key: string; cert: string; ca: string } | undefined;

function listen(needs: Needs, bind: string, port: number, tls: Tls): Promise<DicomListener> {
  const { node, strangers, log, metrics } = needs;
  const wire = tls === undefined ? "dicom" : "dicom-tls";
  const refused = counterOf(metrics);
  const tell = (knock: Knock): void =>
    void strangers.knock(knock).catch((err: unknown) => log.warn({ wire, err }, "a stranger could not be recorded"));
  return openDicomListener({
    bind,
    port,
    ...(tls === undefined ? {} : { tls }),
    offer: new StorageOffer(
      STORAGE_SOP_CLASSES.map(({ uid }) => uid),
      TRANSFER_SYNTAXES.map(({ uid }) => uid),
    ),
    decide: deviceDoor(node, ({ callingAe, address, fingerprint, because }) =>
      strangers.knock({ door: wire, source: `${address} ${callingAe}`, because, detail: { callingAe, fingerprint } }),
    ),
    onRejected: ({ callingAe, address, certificate }, { result }, because) => {
      log.info({ wire, because }, "an association was rejected");
      if (result !== 1 || isDeviceRefusal(because)) return; // ours to mend, or recorded by the door before the answer
      const detail = { callingAe, fingerprint: certificate?.fingerprint ?? null };
      tell({ door: wire, source: `${address} ${callingAe}`, because: codeOf(because), detail });
    },
    onStore: storeHandler(node, deviceJudge(node, node.gate.epochs), (fault) => {
      refused.inc({ wire, code: fault.code });
      log.warn({ wire, err: fault }, "an instance was refused");
    }),
    onAborted: (record) => {
      log.info({ wire, stage: record.stage }, "an association was aborted");
      if (record.stage !== "tls") return;
      tell({ door: wire, source: record.address, because: "tls-handshake", detail: { tls: record.because } });
    },
  });
}

const isDeviceRefusal = (because: string): boolean => DEVICE_REFUSALS.some((one) => one === because);

/** The listener's words as the record's codes are spelled. */
const codeOf = (words: string): string => words.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

function counterOf(metrics: Metrics) {
  const name = "instances_refused";
  const existing = metrics.registry.getSingleMetric(`safelight_${name}`);
  if (existing !== undefined) return existing as ReturnType<typeof metrics.counter<"wire" | "code">>;
  return metrics.counter(name, "Instances that were refused", ["wire", "code"]);
}
