import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, VERIFICATION } from "#standards/dimse/negotiate.ts";

/** Where the standard's composite storage classes live (PS3.4 §B.5): newer editions add to them. */
const STORAGE_ROOT = /^1\.2\.840\.10008\.5\.1\.4\.(1\.1|34)\.\d/;

/**
 * What an archive takes: Verification, the given storage classes and whatever newer editions of the standard add under their
 * root, each in the given transfer syntaxes. PS3.7 §D.3.2.
 */
export class StorageOffer extends Map<string, ReadonlySet<string>> {
  readonly #syntaxes: ReadonlySet<string>;

  constructor(sopClasses: Iterable<string>, transferSyntaxes: Iterable<string>) {
    super();
    this.#syntaxes = new Set(transferSyntaxes);
    for (const uid of sopClasses) this.set(uid, this.#syntaxes);
    this.set(VERIFICATION, new Set([EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN]));
  }

  override get(uid: string): ReadonlySet<string> | undefined {
    return super.get(uid) ?? (STORAGE_ROOT.test(uid) && uid.length <= 64 ? this.#syntaxes : undefined);
  }

  override has(uid: string): boolean {
    return this.get(uid) !== undefined;
  }
}
