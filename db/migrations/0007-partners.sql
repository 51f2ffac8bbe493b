-- Both parties of an agreement may know the other's name; until now only the one that recorded it did.
create policy partner on organisation for select to safelight_serve
  using (exists (select from agreement a where a.partner = (select scope_organisation()) and a.organisation = organisation.id));
