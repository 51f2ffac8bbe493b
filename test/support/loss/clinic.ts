import { TestServer } from "../server.ts";
import { type Device, deviceOf } from "./senders.ts";

/** A server with one organisation, a device on each DICOM port and a token for DICOMweb. */
export type Clinic = { server: TestServer; organisation: string; token: string; tls: Device; plain: Device };

export async function openClinic(given: { env?: Record<string, string>; dataDir?: string } = {}): Promise<Clinic> {
  const server = await TestServer.prepare({ ...given, env: { SAFELIGHT_DICOM_PORT: "0", ...given.env } });
  await server.up();
  const organisation = await server.organisation("Clinic In Trouble");
  return {
    server,
    organisation,
    tls: deviceOf(await server.device(organisation, "SCU_TLS")),
    plain: deviceOf(await server.device(organisation, "SCU_PLAIN", "--plain")),
    token: await server.token(organisation),
  };
}

/** One STOW-RS request with a single Part 10 body. */
export function stow({ server, token }: Clinic, file: Uint8Array): Promise<Response> {
  return fetch(`${server.url}/dicomweb/studies`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/dicom" },
    body: new Uint8Array(file),
  });
}

export function get({ server, token }: Clinic, path: string, accept?: string): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...(accept === undefined ? {} : { accept }) },
  });
}
