/** PS3.10 §8.2: a File ID has at most eight components. */
const MOST_COMPONENTS = 8;
/** What real discs hold beside PS3.10 §8.5's A-Z, 0-9 and _: small letters, a dot, a hyphen, longer names. */
const LAX_COMPONENT = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?$/;

/**
 * The components of a Referenced File ID, (0004,1500), as they may be looked up below the folder of their DICOMDIR; undefined for
 * anything that could lead out of it or name more than a file: empty, too many, "..", separators, drive letters, controls. What
 * PS3.10 §8.5 forbids but discs hold is taken.
 */
export function fileIdComponents(values: readonly string[]): string[] | undefined {
  const components = values.map((value) => value.trim());
  if (components.length === 0 || components.length > MOST_COMPONENTS) return undefined;
  return components.every((component) => LAX_COMPONENT.test(component)) ? components : undefined;
}
