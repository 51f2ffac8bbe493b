import type { Page } from "playwright-core";
import sharp from "sharp";
import { ohifFolder } from "../../scripts/ohif.ts";
import type { Picture } from "./likeness.ts";
import { TestServer } from "./server.ts";

/** The real server with OHIF's published build on an origin of its own. */
export async function serverWithOhif(env: Record<string, string> = {}): Promise<{ server: TestServer; ohif: string }> {
  const server = await TestServer.start({ SAFELIGHT_OHIF_PORT: "0", SAFELIGHT_OHIF_DIR: ohifFolder(), ...env });
  return { server, ohif: `http://localhost:${server.ports.ohif}` };
}

/** Something OHIF asked of DICOMweb, and how that was answered; `path` is what stands after /dicomweb/. */
export type Asked = { status: number; path: string; accept: string; answered: string };

/** OHIF in somebody's tab, and what it asked for. */
export class OhifTab {
  readonly page: Page;
  readonly asked: Asked[];

  constructor(page: Page, asked: Asked[] = []) {
    this.page = page;
    this.asked = asked;
    page.on("response", (response) => {
      const at = response.url().indexOf("/dicomweb/");
      if (at < 0) return;
      const { accept = "" } = response.request().headers();
      const answered = response.headers()["content-type"] ?? "";
      asked.push({ status: response.status(), path: response.url().slice(at + 10), accept, answered });
    });
  }

  /** What the large viewport shows now; null until there is one. */
  async screen(): Promise<Picture | null> {
    const canvas = this.page.locator("canvas.cornerstone-canvas").first();
    if ((await canvas.count()) === 0) return null;
    const png = await canvas.evaluate((element) => (element as unknown as { toDataURL(): string }).toDataURL());
    const { data, info } = await sharp(Buffer.from(png.split(",")[1] ?? "", "base64"))
      .flatten({ background: "#000000" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: new Uint8Array(data) };
  }

  /** Waits for a screen that holds no `fault`, asking every 150 ms. @throws with the last fault when none comes */
  async until(fault: (screen: Picture) => string | null, tries = 600): Promise<Picture> {
    let because: string | null = "there is no viewport";
    for (let left = tries; left > 0; left--) {
      const screen = await this.screen();
      if (screen) because = fault(screen);
      if (screen && because === null) return screen;
      await this.page.waitForTimeout(150);
    }
    throw new Error(`OHIF does not show it: ${because}`);
  }

  /** Goes on to the next image, as often as it takes: a key that comes while OHIF still settles is lost. */
  async pageOn(fault: (screen: Picture) => string | null): Promise<void> {
    for (let left = 10; left > 0; left--) {
      await this.page.keyboard.press("ArrowDown");
      const moved = await this.until(fault, 30).catch((thrown: Error) => thrown);
      if (!(moved instanceof Error)) return;
      if (left === 1) throw moved;
    }
  }

  /** Closes OHIF's tour, which comes once, and its notice, which comes each time, where they stand before the image. */
  async settle(): Promise<void> {
    for (const text of ["Skip all", "Confirm and hide"]) {
      const button = this.page.getByText(text);
      if (await button.isVisible()) await button.click();
    }
  }
}
