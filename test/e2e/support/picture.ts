import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";

const FOLDER = process.env.STORIES_PICTURES;

/** Keeps what the person sees as docs/pictures/NAME.png, where the stories were asked for pictures (`npm run pictures`). */
export async function picture(page: Page, name: string): Promise<void> {
  if (FOLDER === undefined) return;
  await mkdir(FOLDER, { recursive: true });
  await page.mouse.move(1, 1); // nothing stands there that answers
  await page.locator(".mantine-Notification-root").first().waitFor({ state: "hidden" }); // what was said is over
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: "disabled" });
}
