import assert from "node:assert/strict";
import { after } from "node:test";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  devices,
  type Page,
} from "playwright-core";

export const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Screens people sit at and hold. */
export const DESK: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
const { userAgent, viewport, deviceScaleFactor } = devices["iPhone 13"] as (typeof devices)[string];
export const PHONE: BrowserContextOptions = { userAgent, viewport, deviceScaleFactor, hasTouch: true, isMobile: true };

let shared: Promise<Browser> | undefined;

/** One browser with an empty profile for a story's people; it closes when the story's process ends. */
function browser(): Promise<Browser> {
  shared ??= chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    env: { ...process.env, LANGUAGE: "en_GB" },
  });
  return shared;
}

after(async () => (await shared)?.close());

/**
 * One person with a browser context of their own (cookies, storage), and every complaint their pages make. A story that ends
 * with a complaint nobody announced has failed.
 */
export class Person {
  /** Who has not left yet. */
  static readonly present: Person[] = [];
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #complaints: string[] = [];
  readonly #expected: RegExp[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    context.on("page", (another) => this.#listen(another));
    this.#listen(page);
  }

  static async at(url: string, screen: BrowserContextOptions = DESK): Promise<Person> {
    const context = await (await browser()).newContext({
      baseURL: url,
      locale: "en-GB",
      timezoneId: "Africa/Johannesburg",
      ...screen,
    });
    context.setDefaultTimeout(60_000);
    const person = new Person(context, await context.newPage());
    Person.present.push(person);
    return person;
  }

  /** Announces a complaint that belongs to the story, as a browser's note about an answer 404 does where the story is refused. */
  expect(complaint: RegExp): void {
    this.#expected.push(complaint);
  }

  /** Closes what they had open. @throws when a page complained */
  async leave(): Promise<void> {
    Person.present.splice(Person.present.indexOf(this), 1);
    await this.context.close();
    const unexpected = this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], "the pages complained");
  }

  /** Everybody who is still here leaves. @throws when a page complained */
  static async leaveAll(): Promise<void> {
    for (const person of [...Person.present]) await person.leave();
  }

  #listen(page: Page): void {
    page.on("console", (message) => {
      if (message.type() === "error" || /Content Security Policy/i.test(message.text()))
        this.#complaints.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.#complaints.push(`${error.name}: ${error.message}\n${error.stack ?? ""}`));
  }
}
