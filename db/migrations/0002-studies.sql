-- Keys, patients, studies and their sealed objects. UIDs are unique within one organisation only.

create table organisation_key (
  organisation uuid not null references organisation (id),
  version integer not null,
  wrapped bytea not null,                      -- wrapped by the master key or the KMS
  wrapper text not null,                       -- which master key
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  primary key (organisation, version)
);

-- One key group per study (or per patient, for what is not a study): destroying its row erases all the server holds of it.
create table key_group (
  organisation uuid not null references organisation (id),
  id uuid not null,
  wrapped bytea not null,                      -- wrapped by the organisation key of this version
  key_version integer not null,
  created_at timestamptz not null default now(),
  primary key (organisation, id)
);

create table patient (
  organisation uuid not null references organisation (id),
  id uuid not null,
  issuer text not null default '',
  patient_id text not null,
  name text not null default '',               -- as in (0010,0010), decoded, groups joined by '='
  birth_date text not null default '',         -- YYYYMMDD or what was sent
  sex text not null default '',
  created_at timestamptz not null default now(),
  primary key (organisation, id)
);
create unique index patient_identity on patient (organisation, issuer, patient_id);

create table study (
  organisation uuid not null references organisation (id),
  id uuid not null,                            -- UUIDv7, inside; outside a study is its UID under its organisation
  study_uid text not null,
  patient uuid not null,
  key_group uuid not null,
  patient_id text not null default '',
  issuer text not null default '',
  patient_name text not null default '',
  birth_date text not null default '',
  sex text not null default '',
  study_date text not null default '',         -- YYYYMMDD as sent
  study_time text not null default '',
  accession text not null default '',
  study_id text not null default '',
  description text not null default '',
  referring_physician text not null default '',
  modalities text[] not null default '{}',
  series_count integer not null default 0,
  instance_count integer not null default 0,
  bytes bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (organisation, id),
  foreign key (organisation, patient) references patient (organisation, id)
);
create unique index study_by_uid on study (organisation, study_uid);
create index study_by_date on study (organisation, study_date desc, id desc);
create index study_by_arrival on study (organisation, created_at desc, id desc);
create index study_by_patient on study (organisation, patient, study_date desc);
create index study_by_patient_id on study (organisation, patient_id);
create index study_by_accession on study (organisation, accession);

-- Text search: folded words that the serving role cannot read; one SECURITY DEFINER function answers under the scope of the setting.
create table study_search (
  organisation uuid not null,
  study uuid not null,
  name_folded text collate "C" not null default '',
  words text[] not null default '{}',
  primary key (organisation, study)
);
create index study_search_name on study_search (organisation, name_folded);

create table series (
  organisation uuid not null,
  id uuid not null,
  study uuid not null,
  series_uid text not null,
  modality text not null default '',
  number integer,
  description text not null default '',
  body_part text not null default '',
  laterality text not null default '',
  series_date text not null default '',
  series_time text not null default '',
  pps_start_date text not null default '',
  pps_start_time text not null default '',
  sps_id text not null default '',
  requested_procedure_id text not null default '',
  instance_count integer not null default 0,
  primary key (organisation, id),
  foreign key (organisation, study) references study (organisation, id)
);
create unique index series_by_uid on series (organisation, study, series_uid);

create table instance (
  organisation uuid not null,
  id uuid not null,
  study uuid not null,
  series uuid not null,
  sop_instance_uid text not null,
  sop_class_uid text not null,
  transfer_syntax text not null,
  number integer,
  rows integer,
  columns integer,
  bits_allocated integer,
  frames integer,                              -- null: no pixel data
  photometric text,
  blob text not null,                          -- random name in the blob store
  bytes bigint not null,                       -- plain bytes of the Part 10 file inside the seal
  data_set_offset integer not null,            -- where the data set begins in it
  wrapped_key bytea not null,                  -- the object's key under its key group (AES-KW, 40 bytes)
  header bytea not null,                       -- sealed with the object's key: DICOM JSON of the attributes, compressed (zstd)
  frame_index bytea not null,                  -- sealed likewise: offsets and lengths of the frames
  source text not null,                        -- 'dimse:AE', 'stow', 'import', 'web'
  received_at timestamptz not null default now(),
  primary key (organisation, id),
  foreign key (organisation, study) references study (organisation, id),
  foreign key (organisation, series) references series (organisation, id)
);
create unique index instance_by_uid on instance (organisation, sop_instance_uid);
create index instance_by_series on instance (organisation, series, number);
create index instance_by_study on instance (organisation, study);

-- What arrived under a known SOP Instance UID with other content: sealed, kept apart, never served.
create table quarantine (
  organisation uuid not null,
  id uuid not null,
  sop_instance_uid text not null,
  blob text not null,
  wrapped_key bytea not null,
  key_group uuid not null,
  reason text not null,
  source text not null,
  received_at timestamptz not null default now(),
  primary key (organisation, id)
);

create table report_version (
  organisation uuid not null,
  id uuid not null,
  study uuid not null,
  version integer not null,
  status text not null check (status in ('draft', 'preliminary', 'final', 'addendum')),
  author uuid not null,
  author_organisation uuid not null,
  sealed bytea not null,                       -- text sections under the study's key group
  wrapped_key bytea not null,
  content_sha256 bytea not null,
  created_at timestamptz not null default now(),
  signed_at timestamptz,
  primary key (organisation, id),
  foreign key (organisation, study) references study (organisation, id)
);
create unique index report_version_number on report_version (organisation, study, version);
