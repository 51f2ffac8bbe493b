import type { CDPSession, Page } from "playwright-core";

/** Files and folders dragged from the desktop over the page, and then let go: the browser itself makes of them what it does. */
export class Drag {
  readonly #browser: CDPSession;
  readonly #where: { x: number; y: number };
  readonly #files: string[];

  private constructor(browser: CDPSession, where: { x: number; y: number }, files: string[]) {
    this.#browser = browser;
    this.#where = where;
    this.#files = files;
  }

  static async over(page: Page, paths: readonly string[]): Promise<Drag> {
    const { width, height } = page.viewportSize() ?? { width: 1000, height: 800 };
    const drag = new Drag(await page.context().newCDPSession(page), { x: width / 2, y: height / 2 }, [...paths]);
    await drag.#say("dragEnter");
    await drag.#say("dragOver");
    return drag;
  }

  drop(): Promise<void> {
    return this.#say("drop");
  }

  async #say(type: "dragEnter" | "dragOver" | "drop"): Promise<void> {
    await this.#browser.send("Input.dispatchDragEvent", {
      type,
      ...this.#where,
      data: { items: [], files: this.#files, dragOperationsMask: 1 },
    });
  }
}
