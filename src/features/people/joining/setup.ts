import { z } from "zod";
import type { BeginSetup } from "#contract/people.ts";
import { Id, Name } from "#contract/words.ts";
import { action } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import {
  markSetup,
  offerSetup,
  type SetupRecord,
  setupOpens,
  setupRow,
} from "#features/people/joining/setup-queries.ts";
import { createOrganisation } from "#features/people/organisation-actions.ts";
import { houseOrganisation } from "#features/people/organisation-queries.ts";
import { bindCredentials, giveRole, insertPerson } from "#features/people/person-queries.ts";
import type { Signin } from "#features/people/signin/signin.ts";
import { Fault } from "#kit/fault.ts";
import type { Hidden } from "#kit/hidden.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { NO_SCOPE, type Tx } from "#platform/postgres/db.ts";
import { createSecret, hashSecret, parseSecret } from "#trust/tokens/secret.ts";

const LINK_MINUTES = 30;

export type SetupStage = "open" | "recovery-key" | "done";

/**
 * First start: one link that the server prints, for half an hour, used by POST. It ends when the recovery key of the master key
 * is kept; until then a restart prints a new one. Where organisations were made from the shell there is nothing to set up.
 */
export class Setup {
  readonly #signin: Signin;
  readonly #recoveryKey: () => Hidden<string>;

  constructor(signin: Signin, recoveryKey: () => Hidden<string>) {
    this.#signin = signin;
    this.#recoveryKey = recoveryKey;
  }

  /** The link's secret for this start; null when set-up is done. */
  async offer(): Promise<Hidden<string> | null> {
    const secret = createSecret("setup", this.#signin.world.random);
    return this.#transaction(async (tx) => {
      const stage = stageOf(await setupRow(tx), await houseOrganisation(tx));
      if (stage === "done") return null;
      await offerSetup(tx, hashSecret(secret), LINK_MINUTES, stage === "recovery-key");
      return secret;
    });
  }

  stage(): Promise<SetupStage> {
    return this.#signin.world.database.read(NO_SCOPE, async (tx) =>
      stageOf(await setupRow(tx), await houseOrganisation(tx)),
    );
  }

  /** Organisation, first administrator with a password, and the recovery key to keep. */
  async begin(input: z.output<typeof BeginSetup>): Promise<Hidden<string>> {
    await this.#transaction(async (tx) => {
      const row = await opened(tx, input.secret);
      if (row.begun_at !== null)
        throw new Fault("state.conflict", "Set-up has begun; what is left is to keep the recovery key.");
      await markSetup(tx, "begun");
    });
    try {
      await this.#establish(input);
    } catch (thrown) {
      await this.#transaction((tx) => markSetup(tx, "open"));
      throw thrown;
    }
    return this.#recoveryKey();
  }

  async #establish(input: z.output<typeof BeginSetup>): Promise<void> {
    const { world, accounts } = this.#signin;
    const user = await accounts.create(input.email, input.password);
    try {
      const { organisation: name, jurisdiction } = input;
      const organisation = await createOrganisation(world, { name, jurisdiction }, uuidv7());
      const { email, displayName } = input;
      await firstAdministrator(world, systemActor(organisation.id, uuidv7()), {
        id: uuidv7(),
        email,
        displayName,
        user,
      });
    } catch (thrown) {
      await accounts.remove(user);
      throw thrown;
    }
  }

  /** The recovery key once more, where set-up was interrupted before it was kept. */
  async recovery(secret: string): Promise<Hidden<string>> {
    await this.#transaction(async (tx) => {
      if ((await opened(tx, secret)).begun_at === null) throw closed();
    });
    return this.#recoveryKey();
  }

  /** The recovery key is kept: the link is dead from here on. */
  async finish(secret: string): Promise<void> {
    const house = await this.#signin.world.database.read(NO_SCOPE, houseOrganisation);
    if (house === null) throw closed();
    await finishSetup(this.#signin.world, systemActor(house, uuidv7()), { secret });
  }

  #transaction<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#signin.world.database.transaction(NO_SCOPE, run);
  }
}

/** Organisations without a beginning of set-up come from the shell or the demo. */
function stageOf(row: SetupRecord | null, house: string | null): SetupStage {
  if (row?.completed_at) return "done";
  if (house === null) return "open";
  return row?.begun_at ? "recovery-key" : "done";
}

const First = z.object({
  id: Id,
  email: z.email().max(254),
  displayName: Name,
  user: z.string(),
});

const firstAdministrator = action("setup.begin", First, async ({ tx }, who, { id, email, displayName, user }) => {
  await insertPerson(tx, { id, email, displayName });
  await giveRole(tx, who.organisation, id, "administrator");
  await bindCredentials(tx, id, user);
  await bumpEpochs(tx, [who.organisation, id]);
  return { done: { id }, audit: { subject: id } };
});

const finishSetup = action("setup.finish", z.object({ secret: z.string() }), async ({ tx }, _who, { secret }) => {
  if ((await opened(tx, secret)).begun_at === null) throw closed();
  await markSetup(tx, "done");
  return { done: {}, audit: {} };
});

async function opened(tx: Tx, text: string): Promise<SetupRecord> {
  const secret = parseSecret("setup", text);
  const row = secret && (await setupOpens(tx, hashSecret(secret)));
  if (!row) throw closed();
  return row;
}

function closed(): Fault {
  return new Fault(
    "link.closed",
    "This set-up link is not open any more. Restart the server; it prints a new one while set-up is not done.",
  );
}
