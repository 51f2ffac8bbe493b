import { z } from "zod";
import { UploadedFile } from "#contract/studies.ts";
import { Problem } from "#contract/words.ts";
import type { Source } from "./gather.ts";

export type Sent =
  | { is: "answered"; files: UploadedFile[] }
  | { is: "failed"; code: string }
  | { is: "unreachable" }
  | { is: "aborted" };

const Answer = z.union([z.array(UploadedFile), UploadedFile.transform((one) => [one])]);

/** Sends one file as it is. XMLHttpRequest, because fetch does not tell how far an upload has come. */
export async function put(
  url: string,
  source: Source,
  signal: AbortSignal,
  onProgress: (loaded: number) => void,
): Promise<Sent> {
  let body: Blob;
  try {
    body = await source.open();
  } catch {
    return { is: "failed", code: "file.gone" };
  }
  if (signal.aborted) return { is: "aborted" };
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("content-type", /\.zip$/i.test(source.path) ? "application/zip" : "application/dicom");
    request.setRequestHeader("accept", "application/json");
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => resolve(sentOf(request));
    request.onerror = () => void whyBroken(body).then(resolve);
    request.onabort = () => resolve({ is: "aborted" });
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

/** A connection that broke looks like a file that was taken away while it was sent: the file itself says which it was. */
async function whyBroken(body: Blob): Promise<Sent> {
  return body
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => ({ is: "unreachable" }),
      () => ({ is: "failed", code: "file.gone" }),
    );
}

function sentOf(request: XMLHttpRequest): Sent {
  const body = parse(request.responseText);
  if (request.status >= 200 && request.status < 300) {
    const files = Answer.safeParse(body);
    return files.success ? { is: "answered", files: files.data } : { is: "failed", code: "answer.unexpected" };
  }
  if (request.status === 502 || request.status === 503 || request.status === 504) return { is: "unreachable" };
  const problem = Problem.safeParse(body);
  return { is: "failed", code: problem.success ? problem.data.code : `http.${request.status}` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
