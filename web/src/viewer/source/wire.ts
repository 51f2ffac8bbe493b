import { Refused, refusal } from "../../api.ts";
import { firstPart, type Part } from "./multipart.ts";

/** Why something is not on screen, in a form that words can be chosen for. */
export type Trouble = { readonly kind: "gone" | "refused" | "offline" | "broken"; readonly detail: string };

export function troubleOf(thrown: unknown): Trouble {
  if (thrown instanceof Refused) {
    if (thrown.status === 0) return { kind: "offline", detail: "" };
    const gone = thrown.status === 401 || thrown.status === 403 || thrown.status === 404 || thrown.status === 410;
    return { kind: gone ? "gone" : "refused", detail: thrown.message };
  }
  return { kind: "broken", detail: thrown instanceof Error ? thrown.message : "" };
}

export const isAbort = (thrown: unknown): boolean => thrown instanceof DOMException && thrown.name === "AbortError";

/** Asks our own DICOMweb with the session's cookie and keeps nothing in the browser's cache: what was revoked must not come back. */
async function reach(url: string, accept: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { accept },
      credentials: "same-origin",
      cache: "no-store",
      ...(signal ? { signal } : {}),
    });
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    throw new Refused(0, { code: "server.unreachable", message: "" });
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function getJson(url: string, signal?: AbortSignal): Promise<unknown> {
  return (await reach(url, "application/dicom+json", signal)).json();
}

const OCTETS = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';

/** A frame as it is stored, or bulk data; with the media type that says how it is coded. */
export async function getPart(url: string, signal?: AbortSignal): Promise<Part> {
  const response = await reach(url, OCTETS, signal);
  const body = new Uint8Array(await response.arrayBuffer());
  return firstPart(response.headers.get("content-type") ?? "", body);
}

/** A picture that the server made, or the document itself; its type as the server names it. */
export async function getBlob(url: string, accept: string, signal?: AbortSignal): Promise<Blob> {
  return (await reach(url, accept, signal)).blob();
}
