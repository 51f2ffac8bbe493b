-- Two people can come under one Patient ID (a CD of another hospital, a mistyped number): each has a row, told apart by a number.
alter table patient add column namesake integer not null default 0;
drop index patient_identity;
create unique index patient_identity on patient (organisation, issuer, patient_id, namesake);
