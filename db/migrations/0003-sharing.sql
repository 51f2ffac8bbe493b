-- What a patient allowed, what an organisation granted, and the links of people without an account.

create table consent_form_version (
  organisation uuid not null references organisation (id),
  id uuid not null,
  form text not null,                          -- for example 'treatment-sharing'
  version integer not null,
  language text not null,
  jurisdiction text not null,
  purposes text[] not null,
  title text not null,
  body text not null,
  body_sha256 bytea not null,
  effective_at timestamptz not null,
  retired_at timestamptz,
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (organisation, id)
);
create unique index consent_form_version_number on consent_form_version (organisation, form, language, version);

create table consent_event (
  organisation uuid not null references organisation (id),
  id uuid not null,
  patient uuid not null,
  form_version uuid not null,
  decision text not null check (decision in ('given', 'refused')),
  given_by text not null check (given_by in ('self', 'guardian', 'proxy')),
  purposes text[] not null,
  recipient text not null default '',          -- empty: whom the form names
  channel text not null check (channel in ('in-person', 'telephone', 'video', 'paper', 'portal')),
  from_at timestamptz not null,
  until_at timestamptz,
  ended_at timestamptz,
  ended_because text,
  recorded_by uuid,
  created_at timestamptz not null default now(),
  primary key (organisation, id),
  foreign key (organisation, patient) references patient (organisation, id),
  foreign key (organisation, form_version) references consent_form_version (organisation, id)
);
create index consent_event_patient on consent_event (organisation, patient);

-- A grant says who (subject), what (object), rights, why (purpose), on which basis, from when until when.
create table access_grant (
  organisation uuid not null references organisation (id),   -- the owner of the study
  id uuid not null,
  study uuid not null,
  with_priors boolean not null default false,
  with_report boolean not null default true,
  subject_kind text not null check (subject_kind in ('organisation', 'person', 'link')),
  subject uuid not null,
  rights text[] not null check (rights <@ array['view', 'download', 'report', 're-share']),
  purpose text not null,
  basis_kind text not null check (basis_kind in ('own-care', 'agreement', 'consent', 'emergency', 'legal-order')),
  basis uuid,                                  -- the agreement or the consent event
  basis_note text not null default '',
  basis_until timestamptz,                     -- when the basis ends by itself; a grant never outlives it
  basis_ended_at timestamptz,                  -- set by the action that ends the basis
  from_at timestamptz not null default now(),
  until_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by uuid,
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (organisation, id),
  foreign key (organisation, study) references study (organisation, id),
  check (basis_kind in ('own-care', 'emergency', 'legal-order') or basis is not null)
);
create index access_grant_study on access_grant (organisation, study);
create index access_grant_basis on access_grant (organisation, basis);

-- The access relation: the recipient's own projection of what was granted to it, one row per grant and study.
create table access (
  subject uuid not null,                       -- an organisation or a person; leads the key
  owner uuid not null,
  study uuid not null,
  grant_id uuid not null,
  until_at timestamptz not null,
  study_date text not null default '',
  created_at timestamptz not null default now(),
  primary key (subject, owner, study, grant_id)
);
create index access_by_date on access (subject, study_date desc, study);
create index access_by_grant on access (grant_id);

create table link (
  organisation uuid not null references organisation (id),
  id uuid not null,
  grant_id uuid not null,
  secret_hash bytea not null unique,
  recipient text not null,                     -- for whom, as the sender calls them
  challenge text not null check (challenge in ('code', 'password', 'birth-date')),
  challenge_address text,                      -- where the one-time code goes (given apart)
  challenge_hash text,                         -- scrypt of password
  code_hash text,
  code_expires_at timestamptz,
  codes_sent integer not null default 0,
  attempts_left integer not null default 5,
  uses_left integer,                           -- null: no limit
  uses integer not null default 0,
  notify boolean not null default true,
  closed_at timestamptz,
  closed_because text,
  created_at timestamptz not null default now(),
  primary key (organisation, id),
  foreign key (organisation, grant_id) references access_grant (organisation, id)
);

-- An opened link in one browser: the cookie's hash, so that a stolen row opens nothing.
create table link_session (
  organisation uuid not null,
  id uuid not null,
  link uuid not null,
  secret_hash bytea not null unique,
  frames_left integer not null,
  user_agent text not null default '',
  opened_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (organisation, id)
);
create index link_session_link on link_session (organisation, link);
