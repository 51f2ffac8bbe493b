import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Person } from "./browser.ts";

const FAILED = process.env.STORIES_FAILED;

/**
 * The chapters of one story, told in order: what one leaves behind the next begins with, so after one that failed the others
 * fail at once. At the end everybody leaves, and no page may have complained.
 */
export function story(name: string): (chapter: string, tell: (t: TestContext) => Promise<void>) => void {
  let broken: string | undefined;
  return (chapter, tell) => {
    void test(`${name}: ${chapter}`, async (t) => {
      if (broken !== undefined) throw new Error(`The story broke off before: ${broken}`);
      try {
        await tell(t);
      } catch (thrown) {
        broken = `${chapter}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
        await keepScreens(`${name} ${chapter}`);
        throw thrown;
      }
    });
  };
}

/** What everybody saw when a story broke off, for whoever looks for the cause (STORIES_FAILED names a folder). */
async function keepScreens(name: string): Promise<void> {
  if (FAILED === undefined) return;
  await mkdir(FAILED, { recursive: true });
  const file = name.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 80);
  for (const [at, person] of Person.present.entries())
    for (const [window, page] of person.context.pages().entries())
      await page.screenshot({ path: join(FAILED, `${file}-${at}-${window}.png`) }).catch(() => undefined);
}
