import { allLedgers } from "#features/audit/ledger/tree-queries.ts";
import { JournalFeed } from "#features/compliance/journal/feed.ts";
import { Journal } from "#features/compliance/journal/journal.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import type { Office } from "./node.ts";

/** The journal of revocations learns what the shell did while no server was running. */
export async function journalNews({ database, config }: Pick<Office, "database" | "config">): Promise<void> {
  const feed = new JournalFeed(database, new Journal(config.dataDir));
  for (const organisation of await database.read(NO_SCOPE, allLedgers)) await feed.news(organisation);
}
