-- Messages hold addresses, links and codes: they wait sealed, under a key that lies in no database and no backup. What an
-- earlier version left unsent lies open and is dropped; whoever waits for it asks again.
delete from mail_outbox where sent_at is null;
alter table mail_outbox drop column to_address, drop column subject, drop column body;
alter table mail_outbox add column sealed bytea; -- null once it was sent, or nobody could use what is in it any more
