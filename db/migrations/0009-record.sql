-- The record kept whole: what stands beside the tree, who holds its checkpoints, backups, and a house that opens closed after one was restored.

alter table ledger_checkpoint add column frontier bytea;           -- the compact range at its size: verification can resume behind a damage
alter table ledger_tree add column journaled bigint not null default 0;  -- entries below this number went through the journal of revocations

-- Complete subtrees of 2^level leaves, from level 8 on: proofs read a few hundred leaves instead of all. Nobody believes them: a proof is checked before it is given.
create table ledger_node (
  organisation uuid not null references organisation (id),
  level integer not null,
  index bigint not null,
  hash bytea not null,
  primary key (organisation, level, index)
);

-- Who was last given a checkpoint, and of what size.
create table ledger_witness (
  organisation uuid not null references organisation (id),
  kind text not null check (kind in ('folder', 'mail', 'export', 'backup')),
  size bigint not null,
  at timestamptz not null default now(),
  primary key (organisation, kind)
);

do $$
declare t text;
begin
  foreach t in array array['ledger_node', 'ledger_witness'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_all on %I to safelight_owner using (true) with check (true)', t);
    execute format('create policy own on %I to safelight_serve using (organisation = (select scope_organisation())) with check (organisation = (select scope_organisation()))', t);
  end loop;
end $$;
revoke delete on ledger_node, ledger_witness from safelight_serve;

-- Backups of the whole house; the key of each is named after it. The operator's shell writes it.
create table backup (
  id uuid primary key,
  at timestamptz not null,
  manifest_sha256 bytea not null,
  objects bigint not null,
  bytes bigint not null
);
revoke insert, update, delete on backup from safelight_serve;

-- After a restore without a journal of revocations nothing that was shared is open until a person decides. While a row is here no new grant is made.
create table sharing_closed (
  id boolean primary key default true check (id),
  because text not null,
  closed_at timestamptz not null default now()
);
revoke insert, update, delete on sharing_closed from safelight_serve;

-- What of the access relation waits for that decision: no policy looks here, so it opens nothing.
create table access_held (like access including defaults, primary key (subject, owner, study, grant_id));
alter table access_held enable row level security;
alter table access_held force row level security;
create policy owner_all on access_held to safelight_owner using (true) with check (true);
revoke all on access_held from safelight_serve;

-- Which person did what; devices are most of the entries and need no such index.
create index ledger_entry_actor on ledger_entry (organisation, actor, at desc) where actor_kind <> 'device';

-- The names of those who stand in one's own record, also where they belong to another organisation.
create function ledger_people(ids uuid[]) returns table (id uuid, name text)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select p.id, p.display_name from person p where p.id = any(ids)
     and exists (select from ledger_entry e where e.organisation = scope_organisation() and e.actor = p.id and e.actor_kind = 'person') $$;
revoke all on function ledger_people(uuid[]) from public;
grant execute on function ledger_people(uuid[]) to safelight_serve;
