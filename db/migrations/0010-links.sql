-- How many pictures a link may have drawn in a day, over all its openings: opening it again gives no new budget.
alter table link add column frames_day date;
alter table link add column frames_used integer not null default 0;
alter table link add column frames_limit integer not null default 0; -- of a day, by the size of the study when it was last opened

-- Messages hold links and codes. The serving role adds them and sees only the one that a job names.
alter table mail_outbox enable row level security;
alter table mail_outbox force row level security;
create policy owner_all on mail_outbox to safelight_owner using (true) with check (true);
create policy adding on mail_outbox for insert to safelight_serve with check (true);
create policy named on mail_outbox for select to safelight_serve
  using (id::text = (select current_setting('safelight.message', true)));
create policy sending on mail_outbox for update to safelight_serve
  using (id::text = (select current_setting('safelight.message', true)))
  with check (id::text = (select current_setting('safelight.message', true)));
