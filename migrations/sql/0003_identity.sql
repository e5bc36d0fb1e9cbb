-- The only ways from app into the directory. Each runs as owner with a fixed search_path and is granted by name; those that act
-- inside a tenant take it from app.tid(), so that nobody can name another; those of the platform prove the actor's role again.

create type app.tenant_view as (
    id uuid, name text, email text, plan text, status text, max_accounts integer, created_at timestamptz, updated_at timestamptz
);
create type app.member_view as (
    id uuid, email text, name text, role text, platform_role text, is_active boolean, created_at timestamptz
);

create view directory.tenant_views with (security_invoker = true) as
select id, name, email, plan, status, max_accounts, created_at, updated_at from directory.tenants;

create view directory.member_views with (security_invoker = true) as
select m.tenant_id, u.id, u.email, u.name, m.role, u.platform_role, m.is_active and u.is_active as is_active, m.created_at
from directory.memberships m join directory.users u on u.id = m.user_id;

-- Who may be where right now. Login and refresh ask nothing else.
create view directory.ways_in with (security_invoker = true) as
select m.user_id, m.tenant_id, m.role, u.platform_role, m.tenant_id = u.default_tenant_id as is_default
from directory.memberships m
join directory.users u on u.id = m.user_id and u.is_active
join directory.tenants t on t.id = m.tenant_id and t.status in ('TRIAL', 'ACTIVE', 'PAST_DUE')
where m.is_active;

-- Tenancy, inside a tenant -------------------------------------------------------------------------------------------------

create function app.open_tenant(tenant_name text, mail text, tenant_plan text, accounts integer) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    insert into directory.tenants (id, name, email, plan, max_accounts) values (app.tid(), tenant_name, mail, tenant_plan, accounts)
$$;

create function app.own_tenant() returns setof app.tenant_view
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select * from directory.tenant_views where id = app.tid()
$$;

create function app.rename_own_tenant(new_name text, new_mail text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    update directory.tenants
    set name = coalesce(new_name, name), email = coalesce(new_mail, email), updated_at = now()
    where id = app.tid()
$$;

-- Tenancy, for the platform ------------------------------------------------------------------------------------------------

create function directory.require_platform(actor uuid, variadic roles text[]) returns void
    language plpgsql stable
as $$
begin
    if not exists (select from directory.users where id = actor and is_active and platform_role = any (roles)) then
        raise exception 'the actor has none of the platform roles %', roles using errcode = 'insufficient_privilege';
    end if;
end
$$;

create function app.platform_tenants(actor uuid, only_status text, only_id uuid, after uuid, page_size integer)
    returns setof app.tenant_view
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform directory.require_platform(actor, 'MASTER', 'SUPPORT');
    return query
        select v.* from directory.tenant_views v join directory.tenants t using (id)
        where not t.is_house
            and (only_status is null or t.status = only_status)
            and (only_id is null or t.id = only_id)
            and (after is null or t.id > after)
        order by t.id
        limit page_size;
end
$$;

-- moved_from is the status that the caller judged the move by; a tenant that has moved meanwhile is left alone (false).
-- A closed tenant keeps its rows and loses its sessions.
create function app.platform_change_tenant(
    actor uuid, tenant uuid, moved_from text,
    new_name text, new_mail text, new_plan text, new_status text, new_accounts integer
) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform directory.require_platform(actor, 'MASTER');
    update directory.tenants
    set name = coalesce(new_name, name), email = coalesce(new_mail, email), plan = coalesce(new_plan, plan),
        status = coalesce(new_status, status), max_accounts = coalesce(new_accounts, max_accounts), updated_at = now()
    where id = tenant and status = moved_from and not is_house;
    if not found then
        return false;
    end if;
    if new_status in ('SUSPENDED', 'CANCELLED') then
        update directory.sessions set revoked_at = now() where tenant_id = tenant and revoked_at is null;
    end if;
    return true;
end
$$;

-- For work that goes through every tenant: ids only, a page at a time; each tenant is then entered on its own.
create function app.tenant_ids(after uuid, page_size integer) returns setof uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id from directory.tenants where after is null or id > after order by id limit page_size
$$;

-- People of a tenant -------------------------------------------------------------------------------------------------------

create function app.add_member(person uuid, mail text, person_name text, hash text, person_role text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    insert into directory.users (id, email, name, password_hash, default_tenant_id) values (person, mail, person_name, hash, app.tid());
    insert into directory.memberships (tenant_id, user_id, role) values (app.tid(), person, person_role)
$$;

create function app.members(only_person uuid, after uuid, page_size integer) returns setof app.member_view
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id, email, name, role, platform_role, is_active, created_at
    from directory.member_views
    where tenant_id = app.tid() and (only_person is null or id = only_person) and (after is null or id > after)
    order by id
    limit page_size
$$;

-- Holds the tenant's row until the transaction ends, so that two owners cannot demote each other at the same moment.
create function app.hold_owners() returns setof uuid
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform 1 from directory.tenants where id = app.tid() for update;
    return query
        select v.id from directory.member_views v where v.tenant_id = app.tid() and v.role = 'OWNER' and v.is_active;
end
$$;

-- Someone who may no longer enter loses their sessions here.
create function app.change_member(person uuid, new_name text, new_role text, active boolean) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    update directory.memberships
    set role = coalesce(new_role, role), is_active = coalesce(active, is_active), updated_at = now()
    where tenant_id = app.tid() and user_id = person;
    update directory.users u
    set name = coalesce(new_name, u.name), updated_at = now()
    from directory.memberships m
    where m.tenant_id = app.tid() and m.user_id = person and u.id = person;
    update directory.sessions
    set revoked_at = now()
    where active is false and tenant_id = app.tid() and user_id = person and revoked_at is null
$$;

-- Only for operations: not granted to app.
create function directory.add_platform_user(person uuid, house uuid, mail text, person_name text, hash text, platform text)
    returns void
    language sql
as $$
    insert into directory.tenants (id, name, email, plan, status, is_house)
    values (house, 'PainelML', 'house@painelml.example', 'ENTERPRISE', 'ACTIVE', true)
    on conflict do nothing;
    insert into directory.users (id, email, name, password_hash, platform_role, default_tenant_id)
    select person, mail, person_name, hash, platform, id from directory.tenants where is_house;
    insert into directory.memberships (tenant_id, user_id, role)
    select id, person, 'VIEWER' from directory.tenants where is_house
$$;

-- Sessions -----------------------------------------------------------------------------------------------------------------

-- tenant_id is null for someone who may enter none.
create function app.find_login(mail text)
    returns table (user_id uuid, password_hash text, tenant_id uuid, role text, platform_role text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select u.id, u.password_hash, w.tenant_id, w.role, w.platform_role
    from directory.users u
    left join lateral (
        select * from directory.ways_in i where i.user_id = u.id order by i.is_default desc, i.tenant_id limit 1
    ) w on true
    where u.email = mail
$$;

create function app.replace_password_hash(person uuid, old_hash text, new_hash text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    update directory.users set password_hash = new_hash, updated_at = now() where id = person and password_hash = old_hash
$$;

-- False when the person may not enter this tenant (any more).
create function app.start_session(family uuid, person uuid, token bytea, client bytea, moment timestamptz, idle interval)
    returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into directory.sessions (id, family_id, user_id, tenant_id, token_hash, client_hash, created_at, expires_at)
    select family, family, w.user_id, w.tenant_id, token, client, moment, moment + idle
    from directory.ways_in w
    where w.user_id = person and w.tenant_id = app.tid();
    return found;
end
$$;

-- Takes one refresh token for the next. outcome: rotated; repeated (the answer was lost: the same successor again, for the same
-- client, within the grace and while it is unused); reused (the family is revoked); ended; unknown.
-- All that happens to a family waits for its first row, so whatever the order of calls, at most one token is live.
create function app.rotate_session(
    presented bytea, successor bytea, successor_id uuid, client bytea,
    moment timestamptz, grace interval, idle interval, absolute interval
) returns table (outcome text, session_id uuid, user_id uuid, tenant_id uuid, role text, platform_role text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    first directory.sessions;
    held directory.sessions;
    heir directory.sessions;
    way directory.ways_in;
begin
    select f.* into first
    from directory.sessions f join directory.sessions s on s.family_id = f.id
    where s.token_hash = presented
    for update of f;
    if first.id is null then
        return query select 'unknown', null::uuid, null::uuid, null::uuid, null::text, null::text;
        return;
    end if;
    select * into held from directory.sessions s where s.token_hash = presented;
    select * into heir from directory.sessions s where s.token_hash = successor;
    select * into way from directory.ways_in w where w.user_id = held.user_id and w.tenant_id = held.tenant_id;
    outcome := case
        when held.revoked_at is not null or held.expires_at <= moment then 'ended'
        when way.user_id is null then 'ended'
        when held.rotated_at is null then 'rotated'
        when heir.rotated_at is null and heir.revoked_at is null and heir.client_hash = client
            and held.rotated_at > moment - grace then 'repeated'
        else 'reused'
    end;
    if outcome = 'rotated' then
        update directory.sessions s set rotated_at = moment where s.id = held.id;
        insert into directory.sessions (id, family_id, user_id, tenant_id, token_hash, client_hash, created_at, expires_at)
        values (
            successor_id, first.id, held.user_id, held.tenant_id, successor, client, moment,
            least(moment + idle, first.created_at + absolute)
        );
    elsif outcome = 'reused' then
        update directory.sessions s set revoked_at = moment where s.family_id = first.id and s.revoked_at is null;
    end if;
    return query select outcome, first.id, held.user_id, held.tenant_id, way.role, way.platform_role;
end
$$;

create function app.end_session(presented bytea, moment timestamptz) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    family uuid;
begin
    select f.id into family
    from directory.sessions f join directory.sessions s on s.family_id = f.id
    where s.token_hash = presented
    for update of f;
    update directory.sessions set revoked_at = moment where family_id = family and revoked_at is null;
end
$$;

-- Families of which no token could be shown any more; returns how many tokens went.
create function app.prune_sessions(before timestamptz, families integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    pruned integer;
begin
    delete from directory.sessions where family_id in (
        select f.id from directory.sessions f
        where f.id = f.family_id and f.expires_at < before
            and not exists (select from directory.sessions s where s.family_id = f.id and s.expires_at >= before)
        limit families
    );
    get diagnostics pruned = row_count;
    return pruned;
end
$$;

grant execute on function
    app.open_tenant(text, text, text, integer),
    app.own_tenant(),
    app.rename_own_tenant(text, text),
    app.platform_tenants(uuid, text, uuid, uuid, integer),
    app.platform_change_tenant(uuid, uuid, text, text, text, text, text, integer),
    app.tenant_ids(uuid, integer),
    app.add_member(uuid, text, text, text, text),
    app.members(uuid, uuid, integer),
    app.hold_owners(),
    app.change_member(uuid, text, text, boolean),
    app.find_login(text),
    app.replace_password_hash(uuid, text, text),
    app.start_session(uuid, uuid, bytea, bytea, timestamptz, interval),
    app.rotate_session(bytea, bytea, uuid, bytea, timestamptz, interval, interval, interval),
    app.end_session(bytea, timestamptz),
    app.prune_sessions(timestamptz, integer)
to app;

-- Idempotency-Key: what a POST answered, for the person who sent it. status is null while the first try is at work.
create table app.idempotency_keys (
    tenant_id uuid not null,
    user_id uuid not null,
    key text not null,
    route text not null,
    request_hash bytea not null,
    claimed_at timestamptz not null,
    status integer,
    answer jsonb,
    primary key (tenant_id, user_id, key)
);
create index idempotency_keys_by_age on app.idempotency_keys (tenant_id, claimed_at);
call directory.make_tenant_table('app.idempotency_keys');
