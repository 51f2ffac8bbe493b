-- Whether a member of the scope's organisation works for another one too: their sign-in is not that organisation's to take away.
-- Says neither where nor as what.
create function works_elsewhere(member uuid) returns boolean
  language sql stable security definer set search_path = public, pg_temp as
  $$ select exists (select from membership here where here.organisation = scope_organisation() and here.person = member)
       and exists (select from membership m where m.person = member and m.organisation <> scope_organisation()
         and (m.until_at is null or m.until_at > now())) $$;
revoke all on function works_elsewhere(uuid) from public;
grant execute on function works_elsewhere(uuid) to safelight_serve;
