-- What a person measured and noted on the images of a study, for themselves: one sealed row a person and study.
create table marking_set (
  organisation uuid not null,
  study uuid not null,
  person uuid not null,
  sealed bytea not null,                       -- under the study's key group: erasing the study erases them
  wrapped_key bytea not null,
  updated_at timestamptz not null default now(),
  primary key (organisation, study, person),
  foreign key (organisation, study) references study (organisation, id)
);

alter table marking_set enable row level security;
alter table marking_set force row level security;
create policy owner_all on marking_set to safelight_owner using (true) with check (true);
-- One's own, of studies of one's organisation or of what is shared with it.
create policy mine on marking_set to safelight_serve
  using (person = (select scope_person()) and (organisation = (select scope_organisation())
    or exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
      and x.owner = marking_set.organisation and x.study = marking_set.study and x.until_at > now())))
  with check (person = (select scope_person()) and (organisation = (select scope_organisation())
    or exists (select from access x where x.subject in ((select scope_organisation()), (select scope_person()))
      and x.owner = marking_set.organisation and x.study = marking_set.study and x.until_at > now())));
grant select, insert, update on marking_set to safelight_serve;
