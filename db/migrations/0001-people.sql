-- Organisations, the persons who work there, and the machines that speak for them.
-- Every table that belongs to an organisation opens its key with it: row-level security compares it, and it is the distribution key of a cluster.

create table organisation (
  id uuid primary key,
  name text not null unique check (length(name) between 1 and 120),
  kind text not null check (kind in ('clinic', 'reading-group', 'hospital', 'practice')),
  jurisdiction text not null default 'ZA' check (jurisdiction ~ '^[A-Z]{2}$'),
  colour text not null default '#c8401a' check (colour ~ '^#[0-9a-f]{6}$'),
  logo text,                                   -- an SVG or PNG data URL of at most 64 KiB, drawn as an image only
  languages text[] not null default '{en}',
  idle_minutes integer not null default 15 check (idle_minutes between 1 and 60),
  link_max_days integer not null default 30 check (link_max_days between 1 and 365),
  created_at timestamptz not null default now()
);

-- A person signs in; the credentials live in schema auth under another role. The e-mail address is the only identity kept here in clear.
create table person (
  id uuid primary key,
  auth_user text unique,                       -- auth."user".id once the invitation is taken up
  email text not null unique check (email = lower(email)),
  display_name text not null,
  dismissed_at timestamptz,
  created_at timestamptz not null default now()
);

create table membership (
  organisation uuid not null references organisation (id),
  person uuid not null references person (id),
  role text not null check (role in ('administrator', 'radiographer', 'radiologist', 'referrer', 'privacy-officer', 'auditor')),
  from_at timestamptz not null default now(),
  until_at timestamptz,
  primary key (organisation, person, role)
);
create index membership_person on membership (person);

create table invitation (
  organisation uuid not null references organisation (id),
  id uuid not null,
  email text not null,
  display_name text not null,
  role text not null,
  secret_hash bytea not null unique,
  created_by uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (organisation, id)
);

-- A device is an AE title and a certificate, with the services it was given.
create table device (
  organisation uuid not null references organisation (id),
  id uuid not null,
  ae_title text not null check (ae_title ~ '^[\x20-\x5b\x5d-\x7e]{1,16}$'),
  description text not null default '',
  certificate_sha256 bytea,                    -- null: plain loopback peer, may only store
  certificate_pem text,
  not_after timestamptz,
  services text[] not null default '{store}',
  host text,
  port integer check (port between 1 and 65535),
  max_associations integer not null default 64,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  last_seen_at timestamptz,
  primary key (organisation, id)
);
create unique index device_ae on device (organisation, ae_title) where revoked_at is null;
create index device_certificate on device (certificate_sha256) where revoked_at is null;

-- A machine's token carries scope, one purpose and an end.
create table machine_token (
  organisation uuid not null references organisation (id),
  id uuid not null,
  name text not null,
  secret_hash bytea not null unique,
  scopes text[] not null,
  purpose text not null default 'care',
  created_by uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  last_used_at timestamptz,
  primary key (organisation, id)
);

-- The paper that lets an organisation hand studies to another one.
create table agreement (
  organisation uuid not null references organisation (id),
  id uuid not null,
  partner uuid not null references organisation (id),
  kind text not null check (kind in ('operator', 'processor', 'business-associate', 'joint-care')),
  reference text not null default '',
  purposes text[] not null,
  countries text[] not null default '{}',
  from_at timestamptz not null,
  until_at timestamptz not null,
  ended_at timestamptz,
  recorded_by uuid,
  created_at timestamptz not null default now(),
  primary key (organisation, id)
);
create index agreement_partner on agreement (partner);

-- Whatever could change a verdict bumps an epoch in the same transaction (subject: an organisation or a person).
create table policy_epoch (
  subject uuid primary key,
  epoch bigint not null default 0
);

-- First start: one set-up link at a time; its secret is stored as a hash only.
create table setup (
  id boolean primary key default true check (id),
  secret_hash bytea,
  expires_at timestamptz,
  completed_at timestamptz
);

-- Messages that wait for the mail job. Without SMTP they stay here; only the demo shows them.
create table mail_outbox (
  id uuid primary key,
  organisation uuid,
  to_address text not null,
  subject text not null,
  body text not null,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  attempts integer not null default 0
);

-- Attempts that are limited (sign-in, challenge, strangers at a port), one row per kind, source and window.
create table attempt (
  kind text not null,
  source text not null,
  window_at timestamptz not null,
  count integer not null default 1,
  primary key (kind, source, window_at)
);
