-- The walls of the database. Roles exist already (they belong to the whole server): safelight_owner runs the migrations and
-- owns everything, safelight_serve answers requests under row-level security, safelight_auth keeps credentials and sessions
-- in a schema of its own.

revoke all on schema public from public;
grant usage on schema public to safelight_serve;

create schema auth;
revoke all on schema auth from public;
grant usage on schema auth to safelight_auth;

alter default privileges revoke execute on functions from public;

alter default privileges in schema public grant select, insert, update, delete on tables to safelight_serve;
alter default privileges in schema public grant usage, select on sequences to safelight_serve;
alter default privileges in schema public grant execute on functions to safelight_serve;

alter default privileges in schema auth grant select, insert, update, delete on tables to safelight_auth;
alter default privileges in schema auth grant usage, select on sequences to safelight_auth;

-- The scope of the running transaction. In a policy they stand as (select scope_organisation()), so that PostgreSQL asks once.
create function scope_organisation() returns uuid language sql stable parallel safe
  return nullif(current_setting('safelight.organisation', true), '')::uuid;

create function scope_person() returns uuid language sql stable parallel safe
  return nullif(current_setting('safelight.person', true), '')::uuid;

-- The serving role may ask for a job in its transaction and do nothing else with the queue.
create function app_enqueue(task text, payload jsonb, run_at timestamptz default now(), job_key text default null)
returns void language plpgsql security definer set search_path = '' as $$
begin
  perform graphile_worker.add_job(
    identifier => app_enqueue.task,
    payload => app_enqueue.payload::json,
    run_at => app_enqueue.run_at,
    job_key => app_enqueue.job_key
  );
end
$$;
