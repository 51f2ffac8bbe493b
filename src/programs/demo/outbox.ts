import type { FastifyInstance } from "fastify";
import type { DemoLetter } from "#contract/people.ts";
import { Fault } from "#kit/fault.ts";
import type { Deliver } from "#platform/mail.ts";
import type { Serving } from "../routes.ts";

const MOST = 500;

/** The demonstration's mail: it never leaves this process, and whoever is signed in to the demonstration reads it. */
export class Outbox {
  readonly #letters: DemoLetter[] = [];

  /** Takes a message as a mail server would. */
  readonly take: Deliver = async ({ id, to, subject, body }) => {
    this.#letters.unshift({ id, to, subject, body, at: new Date().toISOString() });
    this.#letters.length = Math.min(this.#letters.length, MOST);
  };

  addRoutes(app: FastifyInstance, { authenticate }: Pick<Serving, "authenticate">): void {
    app.get("/api/demo/outbox", async (request): Promise<DemoLetter[]> => {
      if ((await authenticate(request)) === null)
        throw new Fault("sign-in.required", "Come in by one of the doors first.");
      return this.#letters;
    });
  }
}
