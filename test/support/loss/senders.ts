import { readFileSync } from "node:fs";
import { type OpenAssociation, openAssociation } from "#platform/dicom/client.ts";
import { EXPLICIT_LITTLE_ENDIAN } from "#standards/dimse/negotiate.ts";
import { CT } from "../dicom-wire.ts";
import type { DeviceFiles, TestServer } from "../server.ts";
import { fileOf, partsOf, type Slice } from "./instances.ts";

/** What a sender was told of each of its instances; "unknown" is one whose answer never came. */
export type Told = { slice: Slice; said: "stored" | "refused" | "unknown" };
export type Sender = { study: number; told: Told[] };

export type Device = { ae: string; tls: { key: string; cert: string; ca: string } | undefined };

export function deviceOf({ ae, key, cert, ca }: DeviceFiles): Device {
  if (!key) return { ae, tls: undefined };
  return {
    ae,
    tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8"), ca: readFileSync(ca, "utf8") },
  };
}

/** An association for CT slices: over TLS with the device's certificate, or plain. */
export function associate(server: TestServer, { ae, tls }: Device): Promise<OpenAssociation> {
  return openAssociation({
    host: tls === undefined ? "127.0.0.1" : "localhost",
    port: (tls === undefined ? server.ports.dicom : server.ports.dicomTls) ?? 0,
    ...(tls === undefined ? {} : { tls }),
    callingAe: ae,
    calledAe: "SAFELIGHT",
    contexts: [{ abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] }],
    timeouts: { connectMs: 5_000, associateMs: 10_000, responseMs: 20_000 },
  });
}

export async function storeOn(association: OpenAssociation, slice: Slice): Promise<number> {
  const { sopClass, sopInstance, transferSyntax, dataSet } = partsOf(slice);
  return (await association.store({ sopClass, sopInstance, transferSyntax, dataSet })).status;
}

/** C-STORE after C-STORE on one association, until one is not acknowledged, the association breaks, or `most` were sent. */
export async function sendByDimse(server: TestServer, device: Device, { study, told }: Sender, most: number) {
  let sending: Told | undefined;
  try {
    const association = await associate(server, device);
    for (let number = 1; number <= most; number += 1) {
      sending = { slice: { study, number }, said: "unknown" };
      told.push(sending);
      sending.said = (await storeOn(association, sending.slice)) === 0 ? "stored" : "refused";
      if (sending.said === "refused") break;
    }
    await association.release();
  } catch {
    // the peer is gone: what it last got stays "unknown"
  }
}

type Stored = { "00081199"?: { Value?: { "00081155": { Value: [string] } }[] } };

/** Several instances by one STOW-RS request; answers which of their SOP Instance UIDs the answer calls stored. */
export async function storeByStow(server: TestServer, token: string, slices: readonly Slice[]): Promise<Set<string>> {
  const boundary = "a-boundary-of-this-test";
  const pieces = slices.flatMap((slice) => [
    Buffer.from(`\r\n--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`, "latin1"),
    fileOf(slice),
  ]);
  const answer = await fetch(`${server.url}/dicomweb/studies`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": `multipart/related; type="application/dicom"; boundary="${boundary}"`,
    },
    body: Buffer.concat([...pieces, Buffer.from(`\r\n--${boundary}--\r\n`, "latin1")]),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await answer.text();
  if (answer.status !== 200 && answer.status !== 202) return new Set();
  const { "00081199": stored } = JSON.parse(text) as Stored;
  return new Set((stored?.Value ?? []).map((item) => item["00081155"].Value[0]));
}

/** STOW after STOW, four instances each, until one is not answered by success. */
export async function sendByStow(server: TestServer, token: string, { study, told }: Sender, most: number) {
  try {
    for (let number = 1; number <= most; number += 4) {
      const batch = [0, 1, 2, 3].map((more): Told => ({ slice: { study, number: number + more }, said: "unknown" }));
      told.push(...batch);
      const stored = await storeByStow(
        server,
        token,
        batch.map(({ slice }) => slice),
      );
      for (const one of batch) one.said = stored.has(partsOf(one.slice).sopInstance) ? "stored" : "refused";
      if (batch.some(({ said }) => said !== "stored")) return;
    }
  } catch {
    // the connection broke: what was under way stays "unknown"
  }
}
