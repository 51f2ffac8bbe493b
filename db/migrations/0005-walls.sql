-- The second wall: row-level security under a required scope. Policies read the scope through scope_organisation() and
-- scope_person() inside a scalar sub-select, so that the planner evaluates it once.

do $$
declare t text;
begin
  foreach t in array array[
    'membership','invitation','device','machine_token','agreement','organisation_key','key_group','patient','study','study_search',
    'series','instance','quarantine','report_version','consent_form_version','consent_event','access_grant','link','link_session',
    'ledger_entry','ledger_detail','ledger_tree','ledger_checkpoint','ledger_signing_key']
  loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_all on %I to safelight_owner using (true) with check (true)', t);
    execute format('create policy own on %I to safelight_serve using (organisation = (select scope_organisation())) with check (organisation = (select scope_organisation()))', t);
    execute format('grant select, insert, update, delete on %I to safelight_serve', t);
  end loop;
end $$;

-- What is only ever added: the serving role can neither change nor delete it.
revoke update, delete on ledger_entry, ledger_detail, ledger_checkpoint from safelight_serve;
grant update (leaf, leaf_hash) on ledger_entry to safelight_serve;
revoke update, delete on consent_form_version, report_version from safelight_serve;
grant update (retired_at) on consent_form_version to safelight_serve;
grant update (status) on report_version to safelight_serve;
revoke delete on consent_event, access_grant, link, agreement from safelight_serve;
revoke all on study_search from safelight_serve;
grant insert, update on study_search to safelight_serve;

alter table organisation enable row level security;
alter table organisation force row level security;
create policy owner_all on organisation to safelight_owner using (true) with check (true);
create policy own on organisation to safelight_serve
  using (id = (select scope_organisation())
    or exists (select from agreement a where a.organisation = (select scope_organisation()) and a.partner = organisation.id)
    or exists (select from membership m where m.person = (select scope_person()) and m.organisation = organisation.id)
    or exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person())) and x.owner = organisation.id))
  with check (id = (select scope_organisation()));
grant select, insert, update on organisation to safelight_serve;

alter table person enable row level security;
alter table person force row level security;
create policy owner_all on person to safelight_owner using (true) with check (true);
create policy self on person to safelight_serve
  using (id = (select scope_person())
    or exists (select from membership m where m.organisation = (select scope_organisation()) and m.person = person.id))
  with check (true);
grant select, insert, update on person to safelight_serve;

create policy mine on membership for select to safelight_serve using (person = (select scope_person()));
-- Both parties see the paper between them; only the organisation that recorded it changes it.
create policy partner on agreement for select to safelight_serve using (partner = (select scope_organisation()));

alter table access enable row level security;
alter table access force row level security;
create policy owner_all on access to safelight_owner using (true) with check (true);
create policy recipient on access for select to safelight_serve using (subject in ((select scope_organisation()), (select scope_person())));
create policy giver on access to safelight_serve using (owner = (select scope_organisation())) with check (owner = (select scope_organisation()));
grant select, insert, update, delete on access to safelight_serve;

-- Another organisation's rows come only through the access relation, and only the studies that stand in it.
create policy granted on study for select to safelight_serve
  using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and x.owner = study.organisation and x.study = study.id and x.until_at > now()));
create policy granted on series for select to safelight_serve
  using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and x.owner = series.organisation and x.study = series.study and x.until_at > now()));
create policy granted on instance for select to safelight_serve
  using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and x.owner = instance.organisation and x.study = instance.study and x.until_at > now()));
create policy granted on report_version for select to safelight_serve
  using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and x.owner = report_version.organisation and x.study = report_version.study and x.until_at > now()));
create policy granted on key_group for select to safelight_serve
  using (exists (select from access x join study s on s.organisation = x.owner and s.id = x.study
    where x.subject in ((select scope_organisation()), (select scope_person()))
      and x.owner = key_group.organisation and s.key_group = key_group.id and x.until_at > now()));
create policy granted on organisation_key for select to safelight_serve
  using (exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
    and x.owner = organisation_key.organisation and x.until_at > now()));
-- Recipients see the grants made to them, also after their end: what they did under them still goes on the owner's record.
create policy granted on access_grant for select to safelight_serve
  using (subject in ((select scope_organisation()), (select scope_person())));
-- A reader of another organisation leaves reports and audit entries with the owner of the study.
create policy granted_write on report_version for insert to safelight_serve
  with check (exists (select from access x join access_grant g on g.organisation = x.owner and g.id = x.grant_id
    where x.subject in ((select scope_organisation()), (select scope_person()))
      and x.owner = report_version.organisation and x.study = report_version.study and x.until_at > now() and 'report' = any(g.rights)));
create policy granted_write on ledger_entry for insert to safelight_serve
  with check (exists (select from access_grant g where g.subject in ((select scope_organisation()), (select scope_person())) and g.organisation = ledger_entry.organisation));
create policy granted_write on ledger_detail for insert to safelight_serve
  with check (exists (select from access_grant g where g.subject in ((select scope_organisation()), (select scope_person())) and g.organisation = ledger_detail.organisation));

grant select, insert, update, delete on policy_epoch, attempt to safelight_serve;
grant select, insert, update on mail_outbox, setup to safelight_serve;

-- Secrets name their row before any scope is known. Each answers one row for one hash and nothing else.
create function resolve_token(hash bytea) returns table (organisation uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select organisation, id from machine_token where secret_hash = hash $$;
create function resolve_link(hash bytea) returns table (organisation uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select organisation, id from link where secret_hash = hash $$;
create function resolve_link_session(hash bytea) returns table (organisation uuid, id uuid, link uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select organisation, id, link from link_session where secret_hash = hash $$;
create function resolve_invitation(hash bytea) returns table (organisation uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select organisation, id from invitation where secret_hash = hash $$;
create function resolve_device(fingerprint bytea) returns table (organisation uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select organisation, id from device where certificate_sha256 = fingerprint and revoked_at is null $$;
create function resolve_plain_device(ae text) returns table (organisation uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select organisation, id from device where ae_title = ae and revoked_at is null and services <@ array['store', 'plain'] and 'plain' = any(services) $$;
create function resolve_person(auth text) returns table (id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select id from person where auth_user = auth and dismissed_at is null $$;
create function resolve_email(address text) returns table (id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select id from person where email = lower(address) and dismissed_at is null $$;
-- For the sequencer and start-up: which organisations there are, and whose ledger has news. Names stay behind the wall.
create function organisation_ids() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp as
  $$ select id from organisation $$;
create function organisation_named(wanted text) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp as
  $$ select id from organisation where name = wanted or id::text = wanted $$;
create function ledgers_with_news() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp as
  $$ select distinct organisation from ledger_entry where leaf is null $$;
create function known_blob(wanted text) returns boolean
  language sql stable security definer set search_path = public, pg_temp as
  $$ select exists (select from instance where blob = wanted) or exists (select from quarantine where blob = wanted) $$;

create index instance_blob on instance (blob);
create index quarantine_blob on quarantine (blob);

-- Names by folded prefix or contained words, under the scope of the setting; the table itself is closed to the serving role.
create function search_studies(prefix text, contained text) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp as
  $$ select s.study from study_search s
     where s.organisation = scope_organisation()
       and (prefix is null or (s.name_folded >= prefix and s.name_folded < prefix || U&'\FFFF'))
       and (contained is null or s.name_folded like '%' || replace(replace(replace(contained, '\', '\\'), '%', '\%'), '_', '\_') || '%') $$;

revoke all on all functions in schema public from public;
grant execute on all functions in schema public to safelight_serve, safelight_owner;

-- A person one may share with: a member of the caller's organisation or of a partner under an agreement that runs.
create function shareable_person(address text) returns table (id uuid, display_name text, organisations uuid[])
  language sql stable security definer set search_path = public, pg_temp as
  $$ select p.id, p.display_name, array_agg(distinct m.organisation)
     from person p join membership m on m.person = p.id
     where p.email = lower(address) and p.dismissed_at is null
       and (m.organisation = scope_organisation()
         or exists (select from agreement a where a.organisation = scope_organisation() and a.partner = m.organisation and a.ended_at is null and now() between a.from_at and a.until_at))
     group by p.id $$;
revoke all on function shareable_person(text) from public;
grant execute on function shareable_person(text) to safelight_serve;
