-- Uploads from the page: which files of a batch are stored, so that a broken one goes on with what is missing. File names are not kept: they often hold names of patients.

create table upload (
  organisation uuid not null references organisation (id),
  id uuid not null,
  person uuid not null,
  created_at timestamptz not null default now(),
  primary key (organisation, id)
);

create table upload_file (
  organisation uuid not null,
  upload uuid not null,
  number integer not null,
  outcome text not null check (outcome in ('stored', 'already-here', 'ignored', 'refused')),
  code text,
  study uuid,
  primary key (organisation, upload, number),
  foreign key (organisation, upload) references upload (organisation, id)
);

do $$
declare t text;
begin
  foreach t in array array['upload', 'upload_file']
  loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_all on %I to safelight_owner using (true) with check (true)', t);
    execute format('create policy own on %I to safelight_serve using (organisation = (select scope_organisation())) with check (organisation = (select scope_organisation()))', t);
    execute format('grant select, insert, update, delete on %I to safelight_serve', t);
  end loop;
end $$;
