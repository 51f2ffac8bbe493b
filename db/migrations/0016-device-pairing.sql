-- A certificate opens the door of one organisation only, for good: the first that was shown to hold its key. A device whose key
-- nobody has seen at work waits until it calls the one-time title that stands here.
alter table device add column pairing text check (pairing ~ '^PAIR-[A-Z2-7]{10}$');

create table certificate_holder (
  organisation uuid not null references organisation (id),
  certificate_sha256 bytea not null unique,
  since timestamptz not null default now(),
  primary key (organisation, certificate_sha256)
);
alter table certificate_holder enable row level security;
alter table certificate_holder force row level security;
create policy owner_all on certificate_holder to safelight_owner using (true) with check (true);
create policy own on certificate_holder to safelight_serve
  using (organisation = (select scope_organisation())) with check (organisation = (select scope_organisation()));
revoke update, delete on certificate_holder from safelight_serve; -- nothing takes a certificate from whom it belongs to

-- Whoever registered a certificate first keeps it, revoked or not; a later registration elsewhere is none any more.
insert into certificate_holder (organisation, certificate_sha256, since)
  select distinct on (certificate_sha256) organisation, certificate_sha256, created_at from device
  where certificate_sha256 is not null order by certificate_sha256, created_at, id;
update device d set revoked_at = now() where d.revoked_at is null and d.certificate_sha256 is not null
  and not exists (select from certificate_holder c where c.certificate_sha256 = d.certificate_sha256 and c.organisation = d.organisation);

create or replace function resolve_device(fingerprint bytea) returns table (organisation uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select d.organisation, d.id from device d
     where d.certificate_sha256 = fingerprint and d.revoked_at is null
       and (d.pairing is not null or exists (
         select from certificate_holder c where c.organisation = d.organisation and c.certificate_sha256 = d.certificate_sha256)) $$;

create function certificate_is_taken(fingerprint bytea) returns boolean
  language sql stable security definer set search_path = public, pg_temp as
  $$ select exists (select from certificate_holder c where c.certificate_sha256 = fingerprint and c.organisation is distinct from scope_organisation()) $$;
