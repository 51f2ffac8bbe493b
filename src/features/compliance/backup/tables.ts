import type pg from "pg";

/** A table as it is dumped and loaded: names quoted for SQL, columns in order. */
export type DumpTable = { name: string; columns: string[] };

/**
 * What a backup leaves out: what must be dead after a restore (sessions, challenges, counted attempts), and the list of
 * migrations, which stands in the manifest. The job queue has a schema of its own and is left out with it.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "public.migration",
  "public.attempt",
  "public.link_session",
  "auth.session",
  "auth.session_proof",
  "auth.verification",
]);

/** Every table of ours, each after those it refers to. */
export async function tablesToDump(client: pg.ClientBase): Promise<DumpTable[]> {
  const { rows } = await client.query<{ oid: string; key: string; name: string; columns: string[]; needs: string[] }>(`
    select c.oid::text as oid, n.nspname || '.' || c.relname as key, format('%I.%I', n.nspname, c.relname) as name,
      array(select format('%I', a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum)::text[] as columns,
      array(select f.confrelid::text from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid)::text[] as needs
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname in ('public', 'auth') order by 2`);
  const wanted = rows.filter(({ key }) => !LEFT_OUT.has(key));
  const placed = new Set<string>();
  const ordered: DumpTable[] = [];
  while (ordered.length < wanted.length) {
    const known = new Set(wanted.map(({ oid }) => oid));
    const ready = wanted.filter(
      ({ oid, needs }) => !placed.has(oid) && needs.every((need) => placed.has(need) || !known.has(need)),
    );
    const next = ready.length > 0 ? ready : wanted.filter(({ oid }) => !placed.has(oid)); // a circle: then the order is of no use
    for (const { oid, name, columns } of next) {
      placed.add(oid);
      ordered.push({ name, columns });
    }
  }
  return ordered;
}
