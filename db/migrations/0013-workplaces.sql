-- A grant to a person is for one workplace: the organisation they work for under it. Whoever leaves it, or works for another one,
-- has nothing by that grant.
alter table access_grant add column workplace uuid references organisation (id); -- of a person; null for organisations and links
-- Whom a share with a partner's person names, as the sender typed it: whether anybody has that address is the partner's to say.
alter table access_grant add column recipient text not null default '';
alter table access add column workplace uuid;
alter table access_held add column workplace uuid;

-- What was given before: the partner of its agreement; else the owner, where they worked there then; else the partner they worked
-- for then, under the agreement that runs longest. Where nothing fits it stays null and opens nothing.
update access_grant g set workplace = coalesce(
  (select a.partner from agreement a where g.basis_kind = 'agreement' and a.organisation = g.organisation and a.id = g.basis),
  (select m.organisation from membership m where m.organisation = g.organisation and m.person = g.subject
      and m.from_at <= g.created_at and (m.until_at is null or m.until_at > g.created_at) limit 1),
  (select a.partner from agreement a join membership m on m.organisation = a.partner and m.person = g.subject
    where a.organisation = g.organisation and m.from_at <= g.created_at and (m.until_at is null or m.until_at > g.created_at)
      and a.from_at <= g.created_at and g.created_at < a.until_at and (a.ended_at is null or a.ended_at > g.created_at)
    order by a.until_at desc, a.id limit 1))
where g.subject_kind = 'person';

-- A share with a partner for care leaned on an agreement without naming it: now it names it, as its basis, and ends with it.
with leaning as (
  select g.organisation, g.id, paper.id as agreement, paper.until_at
  from access_grant g left join lateral (
    select a.id, a.until_at from agreement a
    where a.organisation = g.organisation and a.partner = case g.subject_kind when 'organisation' then g.subject else g.workplace end
      and a.ended_at is null and a.from_at <= now() and now() < a.until_at
    order by a.until_at desc, a.id limit 1) paper on true
  where g.basis_kind = 'own-care' and g.basis is null and g.revoked_at is null and g.basis_ended_at is null
    and (g.subject_kind = 'organisation' or (g.subject_kind = 'person' and g.workplace is distinct from g.organisation)))
update access_grant g set basis = leaning.agreement, basis_until = leaning.until_at,
  basis_ended_at = case when leaning.agreement is null then now() end, until_at = least(g.until_at, leaning.until_at)
from leaning where g.organisation = leaning.organisation and g.id = leaning.id;

delete from access x using access_grant g where g.organisation = x.owner and g.id = x.grant_id and g.basis_ended_at is not null;
delete from access_held x using access_grant g where g.organisation = x.owner and g.id = x.grant_id and g.basis_ended_at is not null;
update access x set workplace = g.workplace, until_at = least(x.until_at, g.until_at)
  from access_grant g where g.organisation = x.owner and g.id = x.grant_id;
update access_held x set workplace = g.workplace, until_at = least(x.until_at, g.until_at)
  from access_grant g where g.organisation = x.owner and g.id = x.grant_id;
update policy_epoch set epoch = epoch + 1; -- whatever is remembered of verdicts is void

-- The second wall says the same.
alter policy recipient on access using (subject in ((select scope_organisation()), (select scope_person()))
    and (subject = (select scope_organisation()) or workplace = (select scope_organisation())));
alter policy granted on access_grant using (subject in ((select scope_organisation()), (select scope_person()))
    and (subject = (select scope_organisation()) or workplace = (select scope_organisation())));
alter policy granted on study using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = study.organisation and x.study = study.id and x.until_at > now()));
alter policy granted on series using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = series.organisation and x.study = series.study and x.until_at > now()));
alter policy granted on instance using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = instance.organisation and x.study = instance.study and x.until_at > now()));
alter policy granted on report_version using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = report_version.organisation and x.study = report_version.study and x.until_at > now()));
alter policy granted on key_group using (exists (select from access x join study s on s.organisation = x.owner and s.id = x.study
  where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = key_group.organisation and s.key_group = key_group.id and x.until_at > now()));
alter policy granted on organisation_key using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = organisation_key.organisation and x.until_at > now()));
alter policy own on organisation using (id = (select scope_organisation())
  or exists (select from agreement a where a.organisation = (select scope_organisation()) and a.partner = organisation.id)
  or exists (select from membership m where m.person = (select scope_person()) and m.organisation = organisation.id)
  or exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = organisation.id));
alter policy granted_write on report_version with check (exists (select from access x join access_grant g on g.organisation = x.owner and g.id = x.grant_id
  where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = report_version.organisation and x.study = report_version.study and x.until_at > now() and 'report' = any(g.rights)));
alter policy granted_write on ledger_entry with check (exists (select from access_grant g where g.subject in ((select scope_organisation()), (select scope_person()))
    and (g.subject = (select scope_organisation()) or g.workplace = (select scope_organisation()))
    and g.organisation = ledger_entry.organisation));
alter policy granted_write on ledger_detail with check (exists (select from access_grant g where g.subject in ((select scope_organisation()), (select scope_person()))
    and (g.subject = (select scope_organisation()) or g.workplace = (select scope_organisation()))
    and g.organisation = ledger_detail.organisation));
alter policy mine on marking_set using (person = (select scope_person()) and (organisation = (select scope_organisation())
  or exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = marking_set.organisation and x.study = marking_set.study and x.until_at > now())))
  with check (person = (select scope_person()) and (organisation = (select scope_organisation())
  or exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and (x.subject = (select scope_organisation()) or x.workplace = (select scope_organisation()))
    and x.owner = marking_set.organisation and x.study = marking_set.study and x.until_at > now())));

-- Who works there now: somebody who left is nobody to share with.
create or replace function shareable_person(address text) returns table (id uuid, display_name text, organisations uuid[])
  language sql stable security definer set search_path = public, pg_temp as
  $$ select p.id, p.display_name, array_agg(distinct m.organisation)
     from person p join membership m on m.person = p.id
     where p.email = lower(address) and p.dismissed_at is null and m.from_at <= now() and (m.until_at is null or m.until_at > now())
       and (m.organisation = scope_organisation()
         or exists (select from agreement a where a.organisation = scope_organisation() and a.partner = m.organisation and a.ended_at is null and now() between a.from_at and a.until_at))
     group by p.id $$;
