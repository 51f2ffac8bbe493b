import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Upload, UploadedFile } from "#contract/studies.ts";
import { Id } from "#contract/words.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import { signedIn } from "#features/studies/http.ts";
import { mayStore, senderJudge } from "#features/studies/sender.ts";
import { beginUpload } from "#features/studies/upload/actions.ts";
import { isUploadOf, putUploaded, type UploadedRow, uploadedFiles } from "#features/studies/upload/queries.ts";
import { receiveBody, summaryOf } from "#features/studies/upload/receive.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { Fault } from "#kit/fault.ts";
import { bodyOf } from "#platform/http/body.ts";

export type UploadNeeds = {
  world: StudiesWorld;
  authenticate: Authenticate;
  log?: (fault: Fault) => void;
};

const Params = z.object({ id: Id, n: z.coerce.number().int().min(0).max(10_000_000).default(0) });

/** Uploads from the page: begin, send file by file, ask what is there. */
export async function addUploadHttp(app: FastifyInstance, needs: UploadNeeds): Promise<void> {
  app.post("/api/uploads", async (request) => beginUpload(needs.world, await signedIn(needs, request), {}));

  app.get("/api/uploads/:id", async (request): Promise<z.infer<typeof Upload>> => {
    const { who, id } = await uploaderOf(needs, request);
    const rows = await needs.world.database.read(scopeOf(who), (tx) => uploadedFiles(tx, who.organisation, id));
    return { id, files: rows.map(fileOf) };
  });

  await app.register(async (scoped) => {
    scoped.removeAllContentTypeParsers();
    scoped.addContentTypeParser("*", (_request, payload, done) => done(null, payload)); // streamed, never collected
    scoped.put("/api/uploads/:id/files/:n", { bodyLimit: Number.MAX_SAFE_INTEGER }, (request) => put(needs, request));
  });
}

async function put(needs: UploadNeeds, request: FastifyRequest): Promise<UploadedFile[]> {
  const { who, id, number } = await uploaderOf(needs, request);
  if (!mayStore(who)) throw new Fault("role.denied", "You may not store studies here.");
  const { world, log } = needs;
  const body = request.body === undefined ? [] : bodyOf(request);
  const files = await receiveBody(
    { world, who, source: "web", judge: senderJudge(needs.authenticate, request, who), ...(log ? { log } : {}) },
    String(number),
    arriving(body, () => request.raw.socket.setTimeout(WORKING_MS)),
  );
  const outcome = await world.database.transaction(scopeOf(who), (tx) =>
    putUploaded(tx, who.organisation, id, summaryOf(number, files)),
  );
  const [only, ...more] = files;
  return only && more.length === 0 ? [{ ...only, outcome }] : files; // of an archive each file tells for itself
}

/** A silent connection is cut, but an archive is still worked on after its last byte came. */
const WORKING_MS = 60 * 60_000;

/** A sender who leaves half-way is no damaged file. */
async function* arriving(
  body: AsyncIterable<Uint8Array> | Uint8Array[],
  whole: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (cause) {
    throw new Fault("request.cancelled", "The upload was broken off; send the file again.", { cause });
  }
  whole();
}

/** Whose upload it is; anybody else's does not exist. */
async function uploaderOf(
  needs: UploadNeeds,
  request: FastifyRequest,
): Promise<{ who: Actor; id: string; number: number }> {
  const who = await signedIn(needs, request);
  const params = Params.safeParse(request.params);
  const known =
    params.success &&
    who.kind === "person" &&
    (await needs.world.database.read(scopeOf(who), (tx) => isUploadOf(tx, who.organisation, params.data.id, who.id)));
  if (!params.success || !known) throw new Fault("access.denied", "There is no such upload here for you.");
  return { who, id: params.data.id, number: params.data.n };
}

const fileOf = ({ number, outcome, code, study }: UploadedRow): UploadedFile => ({
  name: String(number),
  outcome,
  ...(code === null ? {} : { code }),
  ...(study === null ? {} : { studyId: study }),
});
