-- The tamper-evident record. Entries commit with the change they tell of; leaf numbers follow within a second, so that the tree never serialises ingest.

create table ledger_entry (
  organisation uuid not null,
  id uuid not null,                            -- UUIDv7
  at timestamptz not null,
  action text not null,
  outcome text not null check (outcome in ('done', 'refused', 'failed')),
  actor_kind text not null,
  actor uuid,
  purpose text,
  because text,
  patient uuid,
  study uuid,
  subject uuid,                                -- grant, link, person, device, …: what the action is about
  body text not null,                          -- canonical JSON (RFC 8785) of the entry but for its number
  leaf bigint,                                 -- its number in the tree, given by the sequencer within a second
  leaf_hash bytea,                             -- RFC 6962 leaf hash of the numbered entry
  primary key (organisation, id)
);
create unique index ledger_entry_leaf on ledger_entry (organisation, leaf) where leaf is not null;
create index ledger_entry_pending on ledger_entry (organisation, id) where leaf is null;
create index ledger_entry_at on ledger_entry (organisation, at desc);
create index ledger_entry_patient on ledger_entry (organisation, patient, at desc);
create index ledger_entry_study on ledger_entry (organisation, study, at desc);

-- Names, reasons and free text: sealed under the organisation's key, destroyed by erasure; the entry holds only a salted commitment.
create table ledger_detail (
  organisation uuid not null,
  entry uuid not null,
  salt bytea not null,
  sealed bytea not null,
  primary key (organisation, entry)
);

create table ledger_tree (
  organisation uuid primary key references organisation (id),
  size bigint not null default 0,
  frontier bytea not null default ''           -- the compact range of the tree
);

create table ledger_checkpoint (
  organisation uuid not null,
  size bigint not null,
  root bytea not null,
  note text not null,                          -- the signed text
  created_at timestamptz not null default now(),
  primary key (organisation, size)
);

create table ledger_signing_key (
  organisation uuid not null,
  version integer not null,
  public_key bytea not null,
  wrapped_private_key bytea not null,
  key_version integer not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  primary key (organisation, version)
);
