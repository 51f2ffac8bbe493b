import { scopeOf } from "#features/audit/actor.ts";
import { denied, type Opened } from "#features/sharing/gate.ts";
import type { Use } from "#features/sharing/reads.ts";
import type { Asked, DicomwebNeeds } from "#features/studies/dicomweb/asked.ts";
import type { WithParts } from "#features/studies/dicomweb/recent-instances.ts";
import { type InstanceRecord, instancesOf, type SealedParts, sealedInstancesOf } from "#features/studies/queries.ts";
import { storedObject } from "#features/studies/stored-object.ts";

export type Admitted = {
  opened: Opened;
  count: (add: { instances?: number; frames?: number; bytes?: number }) => void;
};

/** Through the door: verdict, then the durable entry of the read. @throws Fault access.denied for unknown and forbidden alike */
export async function admit(needs: DicomwebNeeds, asked: Asked, use: Use): Promise<Admitted> {
  if (asked.study === undefined) throw denied();
  const opened = await needs.gate.open(
    use === "view" || use === "thumbnail" ? "view" : "download",
    asked.who,
    asked.owner,
    asked.study,
    asked.arrived,
  );
  return { opened, count: await needs.reads.begin(asked.who, opened, use) };
}

export async function listed({ world }: DicomwebNeeds, asked: Asked, opened: Opened): Promise<InstanceRecord[]> {
  const rows = await world.database.read(scopeOf(asked.who), (tx) =>
    instancesOf(tx, asked.owner, opened.study, { series: asked.series, instance: asked.instance }),
  );
  if (rows.length === 0) throw denied();
  return rows;
}

const PAGE = 200;

/** The asked instances with their sealed headers, a page at a time. @throws Fault access.denied when there is none */
export async function* withParts(
  { world }: DicomwebNeeds,
  asked: Asked,
  opened: Opened,
): AsyncGenerator<WithParts, void, undefined> {
  let after: string | null = null;
  for (;;) {
    const page: (InstanceRecord & SealedParts)[] = await world.database.read(scopeOf(asked.who), (tx) =>
      sealedInstancesOf(
        tx,
        asked.owner,
        opened.study,
        { series: asked.series, instance: asked.instance },
        { after, limit: PAGE },
      ),
    );
    if (page.length === 0 && after === null) throw denied();
    for (const row of page) yield { object: storedObject(row, opened.key), parts: row };
    after = page.at(-1)?.id ?? null;
    if (page.length < PAGE) return;
  }
}

/** The instance that the path names; kept for the session that read it. @throws Fault access.denied when there is none */
export async function oneWithParts(needs: DicomwebNeeds, asked: Asked, opened: Opened): Promise<WithParts> {
  const { who, owner, series, instance } = asked;
  const name = [who.kind, who.id, who.session, who.organisation, owner, opened.study, series, instance].join("/");
  const kept = needs.recent.get(name);
  if (kept?.stamp === opened.stamp) return kept;
  for await (const found of withParts(needs, asked, opened)) {
    needs.recent.set(name, { ...found, stamp: opened.stamp });
    return found;
  }
  throw denied();
}
