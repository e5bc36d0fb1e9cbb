-- The whole life of an identity: proofs sent by mail, invitations, second factors and API keys. All in the directory: each is read
-- before a tenant is known. Tokens, codes and keys are kept as hashes only; a TOTP secret is sealed by the application.
alter table directory.users add column email_verified_at timestamptz;

-- What a link in a letter proves: it works once, for one person, for the address that it was sent to.
create table directory.account_tokens (
    token_hash bytea primary key,
    user_id uuid not null references directory.users (id) on delete cascade,
    purpose text not null check (purpose in ('reset_password', 'verify_email')),
    email text not null check (email = lower(email)),
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index account_tokens_by_user on directory.account_tokens (user_id, purpose);
create index account_tokens_by_expiry on directory.account_tokens (expires_at);

-- token_hash is null until the letter is written; accepting or revoking ends it.
create table directory.invitations (
    id uuid primary key,
    tenant_id uuid not null references directory.tenants (id) on delete cascade,
    email text not null check (email = lower(email)),
    role text not null check (role in ('OWNER', 'ADMIN', 'AGENT', 'VIEWER')),
    invited_by uuid not null references directory.users (id) on delete cascade,
    token_hash bytea unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz
);
create unique index one_open_invitation on directory.invitations (tenant_id, email)
where accepted_at is null and revoked_at is null;
create index invitations_by_tenant on directory.invitations (tenant_id, id);
create index invitations_by_inviter on directory.invitations (invited_by);
create index invitations_by_expiry on directory.invitations (expires_at);

-- last_step is the number of the last 30 s step whose code was used: a code works once (RFC 6238 §5.2).
create table directory.totp (
    user_id uuid primary key references directory.users (id) on delete cascade,
    sealed_secret bytea not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0
);
create table directory.recovery_codes (
    user_id uuid not null references directory.totp (user_id) on delete cascade,
    code_hash bytea not null,
    primary key (user_id, code_hash)
);

create table directory.api_keys (
    id uuid primary key,
    tenant_id uuid not null references directory.tenants (id) on delete cascade,
    user_id uuid not null references directory.users (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 120),
    prefix text not null,
    key_hash bytea not null unique,
    scopes text [] not null check (cardinality(scopes) > 0),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index api_keys_by_tenant on directory.api_keys (tenant_id, id);
create index api_keys_by_user on directory.api_keys (user_id);

-- Functions that speak of `person` inside a tenant do so only for its active members: app.tid() says which tenant.
create function directory.is_member(person uuid) returns boolean
    language sql stable
as $$
    select exists (select from directory.memberships where tenant_id = app.tid() and user_id = person and is_active)
$$;

create function directory.end_sessions(person uuid, spared uuid, moment timestamptz) returns integer
    language plpgsql
as $$
declare
    ended integer;
begin
    -- Families first, in one order: whatever happens to a family waits for its first row.
    perform 1 from directory.sessions where user_id = person and id = family_id order by id for update;
    with gone as (
        update directory.sessions set revoked_at = moment
        where user_id = person and revoked_at is null and (spared is null or family_id <> spared)
        returning family_id, rotated_at
    )
    select count(distinct family_id) filter (where rotated_at is null)::integer into ended from gone;
    return ended;
end
$$;

-- Proofs by mail -----------------------------------------------------------------------------------------------------------

-- The person to whom this address belongs, now with one more token (an older letter stays good, or
-- asking again and again would keep the person out); no row for an address that is no one's.
create function app.issue_reset_token(mail text, token bytea, moment timestamptz, until timestamptz)
    returns table (user_id uuid, person_name text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    person directory.users;
begin
    select * into person from directory.users u where u.email = mail and u.is_active for update;
    if person.id is null then
        return;
    end if;
    insert into directory.account_tokens (token_hash, user_id, purpose, email, created_at, expires_at)
    values (token, person.id, 'reset_password', person.email, moment, until);
    return query select person.id, person.name;
end
$$;

-- outcome: issued; taken (the address belongs to someone else); unknown (the person is gone).
create function app.issue_email_token(person uuid, mail text, token bytea, moment timestamptz, until timestamptz)
    returns table (outcome text, person_name text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    found_name text;
begin
    select u.name into found_name from directory.users u where u.id = person and u.is_active for update;
    if found_name is null then
        return query select 'unknown', null::text;
    elsif exists (select from directory.users u where u.email = mail and u.id <> person) then
        return query select 'taken', null::text;
    else
        delete from directory.account_tokens t where t.user_id = person and t.purpose = 'verify_email';
        insert into directory.account_tokens (token_hash, user_id, purpose, email, created_at, expires_at)
        values (token, person, 'verify_email', mail, moment, until);
        return query select 'issued', found_name;
    end if;
end
$$;

create function app.read_reset_token(token bytea, moment timestamptz)
    returns table (user_id uuid, email text, person_name text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select u.id, u.email, u.name
    from directory.account_tokens t join directory.users u on u.id = t.user_id and u.is_active
    where t.token_hash = token and t.purpose = 'reset_password' and t.expires_at > moment
$$;

-- False when the token was used meanwhile. Whoever held a session, or another link, holds it no longer.
create function app.reset_password(token bytea, new_hash text, moment timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    proved directory.account_tokens;
begin
    delete from directory.account_tokens
    where token_hash = token and purpose = 'reset_password' and expires_at > moment
    returning * into proved;
    if proved.user_id is null then
        return false;
    end if;
    update directory.users
    set password_hash = new_hash, email_verified_at = coalesce(email_verified_at, moment), updated_at = moment
    where id = proved.user_id and is_active;
    delete from directory.account_tokens where user_id = proved.user_id;
    perform directory.end_sessions(proved.user_id, null, moment);
    return true;
end
$$;

-- The address that the token was sent to is now the person's, and proved. No row for a token that is no good.
create function app.verify_email(token bytea, moment timestamptz) returns table (user_id uuid, old_email text, new_email text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    proved directory.account_tokens;
    held text;
begin
    delete from directory.account_tokens t
    where t.token_hash = token and t.purpose = 'verify_email' and t.expires_at > moment
    returning * into proved;
    select u.email into held from directory.users u where u.id = proved.user_id and u.is_active for update;
    if held is null then
        return;
    end if;
    update directory.users u set email = proved.email, email_verified_at = moment, updated_at = moment where u.id = proved.user_id;
    if held <> proved.email then
        delete from directory.account_tokens t where t.user_id = proved.user_id;
    end if;
    return query select proved.user_id, held, proved.email;
end
$$;

create function app.prune_account_tokens(before timestamptz, page integer) returns integer
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    with tokens as (
        delete from directory.account_tokens where token_hash in (
            select token_hash from directory.account_tokens where expires_at < before order by expires_at limit page
        )
        returning 1
    ), invitations as (
        delete from directory.invitations where id in (
            select id from directory.invitations where expires_at < before order by expires_at limit page
        )
        returning 1
    )
    select ((select count(*) from tokens) + (select count(*) from invitations))::integer
$$;

-- Oneself -----------------------------------------------------------------------------------------------------------------

create function app.account_of(person uuid)
    returns table (
        email text, name text, password_hash text, email_verified_at timestamptz,
        totp_secret bytea, totp_confirmed_at timestamptz, recovery_codes_left integer
    )
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select u.email, u.name, u.password_hash, u.email_verified_at, t.sealed_secret, t.confirmed_at,
        (select count(*)::integer from directory.recovery_codes c where c.user_id = u.id)
    from directory.users u left join directory.totp t on t.user_id = u.id
    where u.id = person and u.is_active and directory.is_member(person)
$$;

-- False when the password was changed meanwhile. All other sessions end, and so do links that are on their way.
create function app.change_password(person uuid, old_hash text, new_hash text, spared uuid, moment timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update directory.users set password_hash = new_hash, updated_at = moment
    where id = person and password_hash = old_hash and directory.is_member(person);
    if not found then
        return false;
    end if;
    delete from directory.account_tokens where user_id = person and purpose = 'reset_password';
    perform directory.end_sessions(person, spared, moment);
    return true;
end
$$;

-- One row for each session that could still be refreshed, whatever its tenant: they are all this person's.
create function app.own_sessions(person uuid, moment timestamptz)
    returns table (id uuid, created_at timestamptz, last_used_at timestamptz, expires_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select f.id, f.created_at, s.created_at, s.expires_at
    from directory.sessions s join directory.sessions f on f.id = s.family_id
    where s.user_id = person and s.rotated_at is null and s.revoked_at is null and s.expires_at > moment
        and directory.is_member(person)
    order by s.created_at desc, f.id
    limit 200
$$;

create function app.end_own_session(person uuid, family uuid, moment timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform 1 from directory.sessions where id = family and family_id = family and user_id = person for update;
    update directory.sessions set revoked_at = moment
    where family_id = family and user_id = person and revoked_at is null and directory.is_member(person);
    return found;
end
$$;

create function app.end_own_sessions(person uuid, moment timestamptz) returns integer
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    select directory.end_sessions(person, null, moment) where directory.is_member(person)
$$;

-- Second factor -----------------------------------------------------------------------------------------------------------

-- False where a second factor is confirmed already: it must be given up first.
create function app.begin_totp(person uuid, sealed bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not directory.is_member(person) then
        return false;
    end if;
    insert into directory.totp as held (user_id, sealed_secret) values (person, sealed)
    on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, last_step = 0 where held.confirmed_at is null;
    return found;
end
$$;

create function app.confirm_totp(person uuid, sealed bytea, step bigint, codes bytea [], moment timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update directory.totp set confirmed_at = moment, last_step = step
    where user_id = person and sealed_secret = sealed and confirmed_at is null and directory.is_member(person);
    if not found then
        return false;
    end if;
    insert into directory.recovery_codes (user_id, code_hash) select person, unnest(codes);
    return true;
end
$$;

create function app.use_totp_step(person uuid, step bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update directory.totp set last_step = step
    where user_id = person and confirmed_at is not null and last_step < step and directory.is_member(person);
    return found;
end
$$;

create function app.use_recovery_code(person uuid, code bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from directory.recovery_codes where user_id = person and code_hash = code and directory.is_member(person);
    return found;
end
$$;

create function app.end_totp(person uuid) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    delete from directory.totp where user_id = person and directory.is_member(person)
$$;

-- Invitations -------------------------------------------------------------------------------------------------------------

create type app.invitation_view as (
    id uuid, email text, role text, invited_by uuid, created_at timestamptz, expires_at timestamptz
);

-- False where the address is a member's already. An open invitation of the same address is replaced.
create function app.invite(
    invitation uuid, mail text, invited_role text, inviter uuid, moment timestamptz, until timestamptz
) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform 1 from directory.tenants where id = app.tid() for no key update;
    if exists (select from directory.member_views v where v.tenant_id = app.tid() and v.email = mail) then
        return false;
    end if;
    update directory.invitations set revoked_at = moment
    where tenant_id = app.tid() and email = mail and accepted_at is null and revoked_at is null;
    insert into directory.invitations (id, tenant_id, email, role, invited_by, created_at, expires_at)
    values (invitation, app.tid(), mail, invited_role, inviter, moment, until);
    return true;
end
$$;

create function app.invitations(only_one uuid, after uuid, moment timestamptz, page_size integer)
    returns setof app.invitation_view
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id, email, role, invited_by, created_at, expires_at
    from directory.invitations
    where tenant_id = app.tid() and accepted_at is null and revoked_at is null and expires_at > moment
        and (only_one is null or id = only_one) and (after is null or id > after)
    order by id
    limit page_size
$$;

create function app.revoke_invitation(invitation uuid, moment timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update directory.invitations set revoked_at = moment
    where tenant_id = app.tid() and id = invitation and accepted_at is null and revoked_at is null;
    return found;
end
$$;

-- Gives an open invitation of the tenant its token; no row where it has ended meanwhile.
create function app.arm_invitation(invitation uuid, token bytea, moment timestamptz)
    returns table (email text, tenant_name text)
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    update directory.invitations i set token_hash = token
    from directory.tenants t
    where i.tenant_id = app.tid() and t.id = app.tid() and i.id = invitation
        and i.accepted_at is null and i.revoked_at is null and i.expires_at > moment
    returning i.email, t.name
$$;

-- Which tenant a token leads to, and whether its address has an account whose owner has proved the address before. An account
-- that someone opened with another's address is not that: it gets a new password from whoever reads the address.
create function app.read_invitation(token bytea, moment timestamptz)
    returns table (tenant_id uuid, email text, tenant_name text, is_registered boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select i.tenant_id, i.email, t.name, exists (
        select from directory.users u where u.email = i.email and u.email_verified_at is not null
    )
    from directory.invitations i
    join directory.tenants t on t.id = i.tenant_id and t.status in ('TRIAL', 'ACTIVE', 'PAST_DUE')
    where i.token_hash = token and i.accepted_at is null and i.revoked_at is null and i.expires_at > moment
$$;

-- The membership that the invitation promised, for the account of its address or, with a hash, for a new one. null where the
-- invitation has ended meanwhile or there is no account to join: the caller then undoes the transaction.
create function app.accept_invitation(token bytea, new_person uuid, person_name text, hash text, moment timestamptz) returns uuid
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    accepted directory.invitations;
    person directory.users;
begin
    update directory.invitations set accepted_at = moment, token_hash = null
    where tenant_id = app.tid() and token_hash = token
        and accepted_at is null and revoked_at is null and expires_at > moment
    returning * into accepted;
    if accepted.id is null then
        return null;
    end if;
    select * into person from directory.users where email = accepted.email for update;
    if person.id is null and hash is not null then
        insert into directory.users (id, email, name, password_hash, default_tenant_id, email_verified_at)
        values (new_person, accepted.email, person_name, hash, app.tid(), moment)
        returning * into person;
    elsif person.email_verified_at is null and hash is not null then
        update directory.users set password_hash = hash, email_verified_at = moment, updated_at = moment where id = person.id;
        delete from directory.totp where user_id = person.id;
        delete from directory.account_tokens where user_id = person.id;
        perform directory.end_sessions(person.id, null, moment);
    elsif person.id is null or person.email_verified_at is null then
        return null;
    end if;
    insert into directory.memberships (tenant_id, user_id, role) values (app.tid(), person.id, accepted.role)
    on conflict do nothing;
    return person.id;
end
$$;

-- API keys ----------------------------------------------------------------------------------------------------------------

create type app.api_key_view as (
    id uuid, name text, prefix text, scopes text [], created_by uuid,
    created_at timestamptz, expires_at timestamptz, last_used_at timestamptz
);

create function app.add_api_key(
    key uuid, person uuid, key_name text, key_prefix text, hash bytea, key_scopes text [], moment timestamptz, until timestamptz
) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into directory.api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_at, expires_at)
    select key, app.tid(), person, key_name, key_prefix, hash, key_scopes, moment, until
    where directory.is_member(person);
    return found;
end
$$;

create function app.api_keys(only_one uuid, after uuid, page_size integer) returns setof app.api_key_view
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id, name, prefix, scopes, user_id, created_at, expires_at, last_used_at
    from directory.api_keys
    where tenant_id = app.tid() and revoked_at is null
        and (only_one is null or id = only_one) and (after is null or id > after)
    order by id
    limit page_size
$$;

create function app.revoke_api_key(key uuid, moment timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update directory.api_keys set revoked_at = moment where tenant_id = app.tid() and id = key and revoked_at is null;
    return found;
end
$$;

-- For whom a key speaks: its maker, as long as they may enter its tenant, with the role that they have now. The last use is
-- written once a minute at most, so that a busy key costs no write for each call.
create function app.find_api_key(hash bytea, moment timestamptz)
    returns table (id uuid, tenant_id uuid, user_id uuid, role text, scopes text [])
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update directory.api_keys k set last_used_at = moment
    where k.key_hash = hash and k.revoked_at is null and k.expires_at > moment
        and (k.last_used_at is null or k.last_used_at < moment - interval '1 minute');
    return query
        select k.id, k.tenant_id, k.user_id, w.role, k.scopes
        from directory.api_keys k
        join directory.ways_in w on w.user_id = k.user_id and w.tenant_id = k.tenant_id
        where k.key_hash = hash and k.revoked_at is null and k.expires_at > moment;
end
$$;

grant execute on function
    app.issue_reset_token(text, bytea, timestamptz, timestamptz),
    app.issue_email_token(uuid, text, bytea, timestamptz, timestamptz),
    app.read_reset_token(bytea, timestamptz),
    app.reset_password(bytea, text, timestamptz),
    app.verify_email(bytea, timestamptz),
    app.prune_account_tokens(timestamptz, integer),
    app.account_of(uuid),
    app.change_password(uuid, text, text, uuid, timestamptz),
    app.own_sessions(uuid, timestamptz),
    app.end_own_session(uuid, uuid, timestamptz),
    app.end_own_sessions(uuid, timestamptz),
    app.begin_totp(uuid, bytea),
    app.confirm_totp(uuid, bytea, bigint, bytea [], timestamptz),
    app.use_totp_step(uuid, bigint),
    app.use_recovery_code(uuid, bytea),
    app.end_totp(uuid),
    app.invite(uuid, text, text, uuid, timestamptz, timestamptz),
    app.invitations(uuid, uuid, timestamptz, integer),
    app.revoke_invitation(uuid, timestamptz),
    app.arm_invitation(uuid, bytea, timestamptz),
    app.read_invitation(bytea, timestamptz),
    app.accept_invitation(bytea, uuid, text, text, timestamptz),
    app.add_api_key(uuid, uuid, text, text, bytea, text [], timestamptz, timestamptz),
    app.api_keys(uuid, uuid, integer),
    app.revoke_api_key(uuid, timestamptz),
    app.find_api_key(bytea, timestamptz)
to app;
