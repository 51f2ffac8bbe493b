/** The organisation's own logo, drawn as an image only; without one, the lamp. */
export function OrganisationMark({
  organisation,
  big = false,
}: {
  organisation: { name: string; logo: string | null };
  big?: boolean;
}) {
  if (organisation.logo) return <img className="portal-logo" src={organisation.logo} alt={organisation.name} />;
  return big ? <span className="portal-mark" aria-hidden="true" /> : <b className="portal-name">{organisation.name}</b>;
}
