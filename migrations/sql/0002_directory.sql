-- The registry of tenants and the people who may enter them. No RLS: app cannot read these tables at all.
create table directory.tenants (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 120),
    email text not null unique check (email = lower(email)),
    plan text not null default 'FREE' check (plan in ('FREE', 'BASIC', 'PRO', 'ENTERPRISE')),
    status text not null default 'TRIAL'
        check (status in ('PROVISIONING', 'TRIAL', 'ACTIVE', 'PAST_DUE', 'SUSPENDED', 'CANCELLED')),
    max_accounts integer not null default 1 check (max_accounts > 0),
    pool text not null default 'pool-1',
    is_house boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on column directory.tenants.is_house is 'our own tenant, where platform people have their sessions; never listed, never closed';
create index tenants_by_status on directory.tenants (status, id);
create unique index one_house on directory.tenants (is_house) where is_house;

create table directory.users (
    id uuid primary key,
    email text not null unique check (email = lower(email)),
    name text not null check (char_length(name) between 1 and 120),
    password_hash text not null,
    platform_role text check (platform_role in ('MASTER', 'SUPPORT', 'PARTNER')),
    default_tenant_id uuid references directory.tenants (id),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index users_by_default_tenant on directory.users (default_tenant_id);

create table directory.memberships (
    tenant_id uuid not null references directory.tenants (id),
    user_id uuid not null references directory.users (id) on delete cascade,
    role text not null check (role in ('OWNER', 'ADMIN', 'AGENT', 'VIEWER')),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
);
create index memberships_by_user on directory.memberships (user_id);

-- A session is a family of refresh tokens, named by its first: one row for each token, of which at most one is live.
create table directory.sessions (
    id uuid primary key,
    family_id uuid not null references directory.sessions (id) on delete cascade,
    user_id uuid not null references directory.users (id) on delete cascade,
    tenant_id uuid not null references directory.tenants (id),
    token_hash bytea not null unique,
    client_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    rotated_at timestamptz,
    revoked_at timestamptz
);
create unique index one_live_token on directory.sessions (family_id) where rotated_at is null and revoked_at is null;
create index sessions_by_family on directory.sessions (family_id, expires_at);
create index sessions_by_user on directory.sessions (user_id);
create index sessions_by_tenant on directory.sessions (tenant_id, user_id);
create index sessions_by_expiry on directory.sessions (expires_at);
