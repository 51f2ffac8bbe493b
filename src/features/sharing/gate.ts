import type { Right } from "#contract/words.ts";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf, subjectsOf } from "#features/audit/actor.ts";
import { NO_SUCH_STUDY, RESTING } from "#features/audit/rules.ts";
import { Epochs } from "#features/keys/epochs.ts";
import type { SecretKey } from "#features/keys/keyring.ts";
import { studyByUid, studyFacts } from "#features/sharing/queries.ts";
import { type AccessVerdict, mayUse, type StudyFacts } from "#features/sharing/rules.ts";
import { Fault } from "#kit/fault.ts";
import { Recent } from "#kit/recent.ts";

/** What an allowed request may go on with: the study inside, its key, and why it was allowed. */
export type Opened = {
  owner: string;
  study: string;
  patient: string;
  studyUid: string;
  key: SecretKey;
  because: string;
  grant: string | null;
  /** The policy epochs it was judged under: what is kept of the study is good while they stand. */
  stamp: string;
};

type Heard = { stamp: string; offset: number; facts: StudyFacts };

type Known = {
  stamp: string;
  offset: number;
  study: string;
  patient: string;
  facts: StudyFacts;
  key: SecretKey | null;
};

/** A verdict, and what it stands on where it allows. */
type Judged =
  | { known: Known; verdict: Extract<AccessVerdict, { allowed: true }> }
  | { known: null; verdict: AccessVerdict };

const REMEMBERED = 5_000;
const REMEMBER_MS = 60_000;
/** What is asked for in place of a study that is not there: a question takes the same steps either way. */
const NO_STUDY = "00000000-0000-0000-0000-000000000000";

/**
 * The one door to studies for every wire: facts from the database, cached under the policy epochs, judged at each request by
 * the pure rule. What is unknown and what is forbidden throw the same Fault after the same work: only what allows is
 * remembered, so that a refusal asks the database the same questions every time.
 */
export class Gate {
  readonly #world: World;
  readonly #epochs: Epochs;
  readonly #known = new Recent<Known>({ room: REMEMBERED, age: REMEMBER_MS });
  readonly #heard = new Recent<Heard>({ room: REMEMBERED, age: REMEMBER_MS });

  constructor(world: World) {
    this.#world = world;
    this.#epochs = new Epochs(world.database);
  }

  get epochs(): Epochs {
    return this.#epochs;
  }

  /**
   * `since`: see `Epochs`.
   * @throws Fault access.denied for what is unknown, forbidden, expired or revoked; role.denied for files that whoever asks may
   * take once their sign-in's reset is a day old; key.destroyed for what was erased
   */
  async open(right: Right, who: Actor, owner: string, studyUid: string, since?: number): Promise<Opened> {
    const { known, verdict } = await this.#judge(right, who, owner, studyUid, since);
    if (known === null) throw verdict.because === "resting" ? rests() : denied();
    if (known.key === null) throw new Fault("key.destroyed", "This study was erased; nothing of it is left here.");
    return {
      owner,
      study: known.study,
      patient: known.patient,
      studyUid,
      key: known.key,
      because: verdict.because,
      grant: verdict.grant,
      stamp: known.stamp,
    };
  }

  /** The verdict alone, for `can` in a resource. */
  async verdict(right: Right, who: Actor, owner: string, studyUid: string): Promise<AccessVerdict> {
    return (await this.#judge(right, who, owner, studyUid)).verdict;
  }

  /**
   * Whether news of a study is for this actor: whoever may view it now. Whoever hears nothing is told nothing, so that
   * refusals are remembered too: for each actor and study the facts are read once while the policy epochs stand.
   */
  async mayHear(who: Actor, owner: string, study: string): Promise<boolean> {
    if (mayUse("view", who, { study, owner, grants: [] }, new Date()).allowed) return true;
    const name = `${nameOf(who)}/${owner}/${study}`;
    const stamp = await this.#epochs.stamp([owner, ...subjectsOf(who)]);
    let heard = this.#heard.get(name);
    if (heard?.stamp !== stamp) {
      heard = await this.#world.database.read(scopeOf(who), async (tx) => {
        const facts = await studyFacts(tx, owner, study, subjectsOf(who));
        return { stamp, offset: tx.now.getTime() - Date.now(), facts };
      });
      this.#heard.set(name, heard);
    }
    return mayUse("view", who, heard.facts, new Date(Date.now() + heard.offset)).allowed;
  }

  async #judge(right: Right, who: Actor, owner: string, studyUid: string, since?: number): Promise<Judged> {
    const name = `${nameOf(who)}/${owner}/${studyUid}`;
    const stamp = await this.#epochs.stamp([owner, ...subjectsOf(who)], since);
    const remembered = this.#known.get(name);
    if (remembered?.stamp === stamp) {
      const verdict = mayUse(right, who, remembered.facts, new Date(Date.now() + remembered.offset));
      if (verdict.allowed) return { known: remembered, verdict };
    }
    const fresh = await this.#read(right, who, owner, studyUid, stamp);
    if (fresh.known) this.#known.set(name, fresh.known);
    return fresh;
  }

  #read(right: Right, who: Actor, owner: string, studyUid: string, stamp: string): Promise<Judged> {
    return this.#world.database.read(scopeOf(who), async (tx) => {
      const study = await studyByUid(tx, owner, studyUid);
      const facts = await studyFacts(tx, owner, study?.id ?? NO_STUDY, subjectsOf(who));
      if (!study) return { known: null, verdict: { allowed: false, because: "no-grant" } };
      const verdict = mayUse(right, who, facts, tx.now);
      if (!verdict.allowed) return { known: null, verdict };
      const key = await this.#world.keyring.groupKey(tx, owner, study.keyGroup).catch((fault: unknown) => {
        if (fault instanceof Fault && fault.code === "key.destroyed") return null;
        throw fault;
      });
      const offset = tx.now.getTime() - Date.now();
      return { known: { stamp, offset, study: study.id, patient: study.patient, facts, key }, verdict };
    });
  }
}

const nameOf = (who: Actor): string => `${who.kind}/${who.id ?? ""}/${who.session}/${who.organisation}`;

/** One answer for unknown and forbidden. */
export function denied(): Fault {
  return new Fault(NO_SUCH_STUDY.fault, NO_SUCH_STUDY.say);
}

/** Told only to whom the study is open but for the rest. */
function rests(): Fault {
  return new Fault(RESTING.fault, RESTING.say, { place: RESTING.refused });
}
