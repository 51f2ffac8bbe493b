-- Credentials and sessions: better-auth's tables (its names and types), in a schema that only the role safelight_auth may use.
-- The serving role cannot read them at all; the role safelight_auth can read nothing else.

create table auth."user" (
  "id" text primary key,
  "name" text not null,                        -- empty: names of persons stand in public.person
  "email" text not null unique,
  "emailVerified" boolean not null,
  "image" text,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now(),
  "twoFactorEnabled" boolean
);

create table auth."session" (
  "id" text primary key,
  "expiresAt" timestamptz not null,
  "token" text not null unique,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "userId" text not null references auth."user" ("id") on delete cascade
);
create index session_owner on auth."session" ("userId");

create table auth."account" (
  "id" text primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text not null references auth."user" ("id") on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null
);
create index account_user on auth."account" ("userId");

create table auth."verification" (
  "id" text primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);
create index verification_identifier on auth."verification" ("identifier");

create table auth."twoFactor" (
  "id" text primary key,
  "secret" text not null,
  "backupCodes" text not null,
  "userId" text not null unique references auth."user" ("id") on delete cascade,
  "verified" boolean,
  "failedVerificationCount" integer,
  "lockedUntil" timestamptz,
  "lastStep" bigint                            -- ours: the last time step whose code was taken, so that a code works once
);

create table auth."passkey" (
  "id" text primary key,
  "name" text,
  "publicKey" text not null,
  "userId" text not null references auth."user" ("id") on delete cascade,
  "credentialID" text not null unique,
  "counter" integer not null,
  "deviceType" text not null,
  "backedUp" boolean not null,
  "transports" text,
  "createdAt" timestamptz,
  "aaguid" text
);
create index passkey_user on auth."passkey" ("userId");

-- What a browser holds after both factors is a secret of ours; here stands its hash. Without it a session's row opens nothing.
create table auth.session_proof (
  session text primary key references auth."session" ("id") on delete cascade,
  secret_hash bytea not null unique,
  factor text not null check (factor in ('password+totp', 'passkey')),
  organisation uuid,                           -- which of the person's organisations they work for now
  started_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now()
);

alter table person add column last_seen_at timestamptz;
alter table person add column factors_reset_at timestamptz;  -- after a reset of the second factor sensitive rights rest for a day
alter table setup add column begun_at timestamptz;           -- organisation and administrator are there, the recovery key is not kept yet
