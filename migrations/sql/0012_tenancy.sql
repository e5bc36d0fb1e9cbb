-- squawk-ignore-file adding-foreign-key-constraint, ban-drop-constraint, constraint-missing-not-valid, disallowed-unique-constraint, require-concurrent-index-creation
-- (no environment has the schema before this version, so there are neither clients nor rows to break)
-- Where a tenant lives, whose sub-tenant it is, how it looks, how it came to be, and whether it may do anything now.

-- A placement is a database: the pool that tenants share, or a silo of one. A silo's host and port are null on the pool's server.
create table directory.placements (
    id text primary key check (id ~ '^[a-z0-9-]{1,60}$'),
    kind text not null check (kind in ('pool', 'silo')),
    host text,
    port integer,
    database_name text,
    role_name text,
    secret_id text,
    is_ready boolean not null default false,
    created_at timestamptz not null default now(),
    check (kind = 'pool' or (database_name is not null and role_name is not null and secret_id is not null))
);
insert into directory.placements (id, kind, is_ready) values ('pool-1', 'pool', true);

alter table directory.tenants
    add column parent_id uuid references directory.tenants (id),
    add column placement text not null default 'pool-1' references directory.placements (id),
    add column is_partner boolean not null default false,
    add column host text unique check (host = lower(host) and host ~ '^[a-z0-9.-]{1,253}$'),
    add column storage_prefix text unique,
    add column brand jsonb not null default '{}';
comment on column directory.tenants.placement is 'the database of its rows; column pool of 0002 is no longer read';
create index tenants_by_parent on directory.tenants (parent_id, id);
create index tenants_by_placement on directory.tenants (placement);

-- A silo's accounts live in another database, where these keys cannot look; the directory keeps tenant and account ids only.
alter table directory.seller_routes drop constraint seller_routes_tenant_id_account_id_fkey;
alter table directory.seller_routes add foreign key (tenant_id) references directory.tenants (id);
alter table directory.account_schedules drop constraint account_schedules_tenant_id_account_id_fkey;
alter table directory.account_schedules add foreign key (tenant_id) references directory.tenants (id);

-- How a tenant came to be, step by step. A step's row is written in the transaction of its effect, so it happens once.
create table directory.provisioning_runs (
    tenant_id uuid primary key,
    wanted jsonb not null,
    status text not null default 'running' check (status in ('running', 'waiting', 'failed', 'done', 'undone')),
    attempts integer not null default 1,
    error text check (char_length(error) <= 200),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on column directory.provisioning_runs.wanted is 'names, plan and placement; never a password or its hash';
create index provisioning_unfinished on directory.provisioning_runs (status, updated_at) where status <> 'done';

create table directory.provisioning_steps (
    tenant_id uuid not null references directory.provisioning_runs (tenant_id) on delete cascade,
    step text not null check (step in ('tenant', 'owner', 'plan', 'storage', 'brand', 'database', 'open')),
    done_at timestamptz not null default now(),
    primary key (tenant_id, step)
);

-- State ------------------------------------------------------------------------------------------------------------------

-- The tenant's state for one request, `REVOKED` where the caller's session is over, null for a tenant that is not there. Read in
-- the round trip that enters the tenant. A session that is not in the directory (an API key's) is judged by its own keeper.
create function app.standing(family uuid) returns text
    language sql stable security definer set search_path = ''
as $$
    select case
        when exists (select from directory.sessions s where s.id = family and s.revoked_at is not null) then 'REVOKED'
        else (select t.status from directory.tenants t where t.id = app.tid())
    end
$$;

-- The same for one of the platform's people in someone's tenant; the role is proved again, our own tenant is nobody's to visit.
create function app.visitor_standing(family uuid, actor uuid) returns text
    language plpgsql stable security definer set search_path = ''
as $$
begin
    perform directory.require_platform(actor, 'MASTER', 'SUPPORT');
    return (select app.standing(family) from directory.tenants t where t.id = app.tid() and not t.is_house);
end
$$;

-- Placement --------------------------------------------------------------------------------------------------------------

-- Names of a server, a database, a role and a secret: nothing of the tenant, no row for the pool.
create function app.silo_of(tenant uuid)
    returns table (id text, host text, port integer, database_name text, role_name text, secret_id text)
    language sql stable security definer set search_path = ''
as $$
    select p.id, p.host, p.port, p.database_name, p.role_name, p.secret_id
    from directory.tenants t join directory.placements p on p.id = t.placement
    where t.id = tenant and p.kind = 'silo' and p.is_ready
$$;

-- Memberships and sessions -------------------------------------------------------------------------------------------------

-- The places of someone who is in the tenant of this transaction; theirs alone, because only a member's own list can be asked for.
create function app.memberships(person uuid)
    returns table (tenant_id uuid, tenant_name text, status text, role text, is_default boolean)
    language sql stable security definer set search_path = ''
as $$
    select m.tenant_id, t.name, t.status, m.role, m.tenant_id is not distinct from u.default_tenant_id
    from directory.memberships m
    join directory.tenants t on t.id = m.tenant_id
    join directory.users u on u.id = m.user_id and u.is_active
    where m.user_id = person and m.is_active
        and exists (
            select from directory.memberships here
            where here.tenant_id = app.tid() and here.user_id = person and here.is_active
        )
    order by t.name, m.tenant_id
$$;

-- Moves a person's session into the tenant of this transaction: the old family ends, the new one keeps its age, so that moving
-- makes no session last longer. No row where they may not enter, or where the old session is over.
create function app.move_session(
    old_family uuid, new_family uuid, person uuid, token bytea, client bytea,
    moment timestamptz, idle interval, absolute interval, as_default boolean
) returns table (role text, platform_role text)
    language plpgsql security definer set search_path = ''
as $$
declare
    first directory.sessions;
    way directory.ways_in;
begin
    select * into first from directory.sessions s
    where s.id = old_family and s.user_id = person and s.revoked_at is null
    for update;
    select * into way from directory.ways_in w where w.user_id = person and w.tenant_id = app.tid();
    if first.id is null or way.user_id is null or first.created_at + absolute <= moment then
        return;
    end if;
    update directory.sessions set revoked_at = moment where family_id = old_family and revoked_at is null;
    insert into directory.sessions (id, family_id, user_id, tenant_id, token_hash, client_hash, created_at, expires_at)
    values (
        new_family, new_family, person, app.tid(), token, client, first.created_at,
        least(moment + idle, first.created_at + absolute)
    );
    if as_default then
        update directory.users u set default_tenant_id = app.tid(), updated_at = moment where u.id = person;
    end if;
    return query select way.role, way.platform_role;
end
$$;

-- Whoever left, or whose tenant closed, since they began to connect is told no.
create or replace function app.is_active_member(member uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (select from directory.ways_in w where w.tenant_id = app.tid() and w.user_id = member);
$$;

-- Partners ---------------------------------------------------------------------------------------------------------------

-- The tenants below those that a partner runs.
create function directory.partner_tenants(actor uuid) returns setof uuid
    language sql stable set search_path = ''
as $$
    select child.id
    from directory.memberships m
    join directory.tenants partner on partner.id = m.tenant_id and partner.is_partner
    join directory.tenants child on child.parent_id = partner.id
    where m.user_id = actor and m.is_active and m.role in ('OWNER', 'ADMIN')
$$;

-- Of this platform role, null for none: MASTER and SUPPORT see every tenant, PARTNER only those below their own.
create function directory.platform_role_of(actor uuid) returns text
    language sql stable set search_path = ''
as $$
    select u.platform_role from directory.users u where u.id = actor and u.is_active
$$;

-- What sub-tenants may connect together stays within their partner's own limit. Holds the partner's row meanwhile.
create function directory.check_partner_limit(partner uuid) returns void
    language plpgsql set search_path = ''
as $$
declare
    limit_together integer;
    given_away bigint;
    has_unlimited boolean;
begin
    select t.max_accounts into limit_together from directory.tenants t where t.id = partner for update;
    select coalesce(sum(t.max_accounts), 0), coalesce(bool_or(t.max_accounts is null), false) into given_away, has_unlimited
    from directory.tenants t where t.parent_id = partner and t.status <> 'CANCELLED';
    if given_away > limit_together or (has_unlimited and limit_together is not null) then
        raise exception 'partner limit: % of %', given_away, limit_together using errcode = 'check_violation';
    end if;
end
$$;

-- The partner's tenant below which `actor` makes sub-tenants; null for MASTER. Anyone else is refused.
create function app.partner_of(actor uuid) returns uuid
    language plpgsql stable security definer set search_path = ''
as $$
declare
    found_partner uuid;
begin
    perform directory.require_platform(actor, 'MASTER', 'PARTNER');
    if directory.platform_role_of(actor) = 'MASTER' then
        return null;
    end if;
    select t.id into found_partner
    from directory.tenants t join directory.memberships m on m.tenant_id = t.id
    where m.user_id = actor and m.is_active and m.role in ('OWNER', 'ADMIN') and t.is_partner and t.status in ('TRIAL', 'ACTIVE')
    order by t.id limit 1;
    if found_partner is null then
        raise exception 'the partner has no open tenant of their own' using errcode = 'insufficient_privilege';
    end if;
    return found_partner;
end
$$;

create or replace function app.platform_tenants(
    actor uuid, only_status text, only_id uuid, after uuid, page_size integer
) returns setof app.tenant_view
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform directory.require_platform(actor, 'MASTER', 'SUPPORT', 'PARTNER');
    return query
        select v.* from directory.tenant_views v join directory.tenants t using (id)
        where not t.is_house
            and (directory.platform_role_of(actor) <> 'PARTNER' or t.id in (select directory.partner_tenants(actor)))
            and (only_status is null or t.status = only_status)
            and (only_id is null or t.id = only_id)
            and (after is null or t.id > after)
        order by t.id
        limit page_size;
end
$$;

-- As before, and a partner changes only what is below them, within what they have. A plan is between the platform and a tenant.
create or replace function app.platform_change_tenant(
    actor uuid, tenant uuid, moved_from text,
    new_name text, new_mail text, new_plan text, new_status text, new_accounts integer
) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    partner uuid;
begin
    perform directory.require_platform(actor, 'MASTER', 'PARTNER');
    if directory.platform_role_of(actor) = 'PARTNER' then
        if tenant not in (select directory.partner_tenants(actor)) then
            return false;
        elsif new_plan is not null then
            raise exception 'a partner changes no plan' using errcode = 'insufficient_privilege';
        end if;
    end if;
    update directory.tenants
    set name = coalesce(new_name, name), email = coalesce(new_mail, email), plan = coalesce(new_plan, plan),
        status = coalesce(new_status, status), max_accounts = coalesce(new_accounts, max_accounts), updated_at = now()
    where id = tenant and status = moved_from and not is_house
    returning parent_id into partner;
    if not found then
        return false;
    end if;
    if partner is not null then
        perform directory.check_partner_limit(partner);
    end if;
    if new_status in ('SUSPENDED', 'CANCELLED') then
        update directory.sessions set revoked_at = now() where tenant_id = tenant and revoked_at is null;
    end if;
    return true;
end
$$;

-- Only for operations: a partner is a tenant of its own and a person who runs it.
create function directory.add_partner(person uuid, tenant uuid, mail text, person_name text, hash text, accounts integer)
    returns void
    language sql
as $$
    insert into directory.tenants (id, name, email, status, max_accounts, is_partner, storage_prefix)
    values (tenant, person_name, mail, 'ACTIVE', accounts, true, 'tenants/' || tenant || '/');
    insert into directory.users (id, email, name, password_hash, platform_role, default_tenant_id)
    values (person, mail, person_name, hash, 'PARTNER', tenant);
    insert into directory.memberships (tenant_id, user_id, role) values (tenant, person, 'OWNER')
$$;

-- Brand ------------------------------------------------------------------------------------------------------------------

create function app.own_brand() returns table (own jsonb, inherited jsonb, host text)
    language sql stable security definer set search_path = ''
as $$
    select t.brand, coalesce(p.brand, '{}'), t.host
    from directory.tenants t left join directory.tenants p on p.id = t.parent_id
    where t.id = app.tid()
$$;

-- Members of `changes` that are null are forgotten, so that the parent's show through again.
create function app.change_own_brand(changes jsonb) returns void
    language sql security definer set search_path = ''
as $$
    update directory.tenants set brand = jsonb_strip_nulls(brand || changes), updated_at = now() where id = app.tid()
$$;

-- Before anyone has signed in: how a host looks, not whose it is.
create function app.brand_of_host(asked text) returns table (own jsonb, inherited jsonb)
    language sql stable security definer set search_path = ''
as $$
    select t.brand, coalesce(p.brand, '{}')
    from directory.tenants t left join directory.tenants p on p.id = t.parent_id
    where t.host = asked and t.status <> 'CANCELLED'
$$;

-- Provisioning -----------------------------------------------------------------------------------------------------------

-- Begins, or takes up again, the run of the tenant of this transaction; what it wants was said the first time. Runs at work now
-- (touched within the last minute) are not taken up by a second hand: no row then.
create function app.begin_provisioning(document jsonb, moment timestamptz)
    returns table (wanted jsonb, status text, steps text[])
    language plpgsql security definer set search_path = ''
as $$
declare
    run directory.provisioning_runs;
    is_new boolean;
begin
    if exists (select from directory.tenants t where t.id = app.tid())
        and not exists (select from directory.provisioning_runs r where r.tenant_id = app.tid()) then
        raise exception 'a tenant of this id is there already' using errcode = 'unique_violation', constraint = 'tenants_pkey';
    end if;
    insert into directory.provisioning_runs (tenant_id, wanted, created_at, updated_at)
    values (app.tid(), document, moment, moment)
    on conflict (tenant_id) do nothing;
    is_new := found;
    select * into run from directory.provisioning_runs r where r.tenant_id = app.tid() for update;
    if not is_new and run.status = 'running' and run.updated_at > moment - interval '1 minute' then
        return;
    end if;
    if not is_new and run.status <> 'done' then
        update directory.provisioning_runs r
        set status = 'running', attempts = r.attempts + 1, updated_at = moment,
            wanted = case when r.status = 'undone' then document else r.wanted end
        where r.tenant_id = app.tid()
        returning * into run;
    end if;
    return query
        select run.wanted, run.status,
            array(select s.step from directory.provisioning_steps s where s.tenant_id = app.tid());
end
$$;

-- One step: its effect and its row, or nothing where it was done before. `secrets` is what a run must not keep (the owner's id
-- and hash).
create function app.provision(this_step text, secrets jsonb) returns boolean
    language plpgsql security definer set search_path = ''
as $$
declare
    run directory.provisioning_runs;
    want jsonb;
begin
    select * into run from directory.provisioning_runs r where r.tenant_id = app.tid() for update;
    if run.tenant_id is null or run.status in ('done', 'undone')
        or exists (select from directory.provisioning_steps s where s.tenant_id = app.tid() and s.step = this_step) then
        return false;
    end if;
    want := run.wanted;
    if this_step = 'tenant' then
        -- The plan comes with the row, because its trial begins with it; null accounts are the plan's number.
        insert into directory.tenants (id, name, email, status, parent_id, host, plan, max_accounts)
        values (
            app.tid(), want ->> 'name', want ->> 'email', 'PROVISIONING', (want ->> 'parent_id')::uuid, want ->> 'host',
            want ->> 'plan', (want ->> 'max_accounts')::integer
        );
    elsif this_step = 'owner' then
        insert into directory.users (id, email, name, password_hash, default_tenant_id)
        values ((secrets ->> 'id')::uuid, want ->> 'owner_email', want ->> 'owner_name', secrets ->> 'hash', app.tid());
        insert into directory.memberships (tenant_id, user_id, role) values (app.tid(), (secrets ->> 'id')::uuid, 'OWNER');
    elsif this_step = 'plan' then
        if not exists (select from directory.subscriptions s where s.tenant_id = app.tid()) then
            raise exception 'the tenant has no subscription' using errcode = 'data_exception';
        end if;
        if want ->> 'parent_id' is not null then
            perform directory.check_partner_limit((want ->> 'parent_id')::uuid);
        end if;
    elsif this_step = 'storage' then
        update directory.tenants set storage_prefix = 'tenants/' || app.tid() || '/' where id = app.tid();
    elsif this_step = 'brand' then
        update directory.tenants set brand = coalesce(want -> 'brand', '{}') where id = app.tid();
    elsif this_step = 'database' then
        -- A silo is made by operations, as owner; here only the pool's share, which is none, and the proof that a silo is ready.
        if (want ->> 'silo')::boolean and not exists (
            select from directory.tenants t join directory.placements p on p.id = t.placement
            where t.id = app.tid() and p.kind = 'silo' and p.is_ready
        ) then
            update directory.provisioning_runs set status = 'waiting', updated_at = now() where tenant_id = app.tid();
            return false;
        end if;
    elsif this_step = 'open' then
        update directory.tenants set status = 'TRIAL', updated_at = now() where id = app.tid() and status = 'PROVISIONING';
        update directory.provisioning_runs set status = 'done', error = null, updated_at = now() where tenant_id = app.tid();
    end if;
    insert into directory.provisioning_steps (tenant_id, step) values (app.tid(), this_step);
    update directory.provisioning_runs set updated_at = now() where tenant_id = app.tid();
    return true;
end
$$;

create function app.provisioning_failed(reason text) returns void
    language sql security definer set search_path = ''
as $$
    update directory.provisioning_runs set status = 'failed', error = left(reason, 200), updated_at = now()
    where tenant_id = app.tid() and status = 'running'
$$;

-- Takes back what the steps did, for a wish that can never be met. Only a tenant that never opened, which therefore has no rows.
create function app.undo_provisioning(reason text) returns void
    language plpgsql security definer set search_path = ''
as $$
begin
    perform 1 from directory.provisioning_runs r where r.tenant_id = app.tid() and r.status <> 'done' for update;
    if not found then
        return;
    end if;
    if exists (select from directory.tenants t where t.id = app.tid() and t.status <> 'PROVISIONING') then
        return;
    end if;
    update directory.users u set default_tenant_id = null where u.default_tenant_id = app.tid();
    delete from directory.users u
    where u.id in (select m.user_id from directory.memberships m where m.tenant_id = app.tid())
        and u.platform_role is null
        and not exists (select from directory.memberships m where m.user_id = u.id and m.tenant_id <> app.tid());
    delete from directory.memberships where tenant_id = app.tid();
    delete from directory.tenants where id = app.tid();
    delete from directory.provisioning_steps where tenant_id = app.tid();
    update directory.provisioning_runs set status = 'undone', error = left(reason, 200), updated_at = now()
    where tenant_id = app.tid();
end
$$;

-- Only for operations: makes a silo that is ready the home of its tenant's rows, which has none yet.
create function directory.place_in_silo(tenant uuid, silo text, database_name text, role_name text, secret_id text) returns void
    language sql
as $$
    insert into directory.placements (id, kind, database_name, role_name, secret_id, is_ready)
    values (silo, 'silo', database_name, role_name, secret_id, true)
    on conflict (id) do nothing;
    update directory.tenants set placement = silo where id = tenant and status = 'PROVISIONING'
$$;

-- Only for operations, in the silo's own database: the row that its tenant tables refer to.
create function directory.settle(tenant uuid) returns void
    language sql
as $$
    insert into directory.tenants (id, name, email, status)
    values (tenant, 'silo', tenant || '@silo.invalid', 'ACTIVE')
    on conflict (id) do nothing
$$;

-- The tenant that a sign-up with this address left half-made, for the next try to finish.
create function app.unfinished_tenant(mail text, moment timestamptz) returns uuid
    language sql stable security definer set search_path = ''
as $$
    select r.tenant_id
    from directory.provisioning_runs r join directory.tenants t on t.id = r.tenant_id
    where t.email = mail and t.status = 'PROVISIONING' and r.wanted ->> 'origin' = 'sign_up'
        and (r.status = 'failed' or (r.status = 'running' and r.updated_at <= moment - interval '1 minute'))
$$;

create function directory.provisioning_of(tenant uuid)
    returns table (status text, attempts integer, error text, created_at timestamptz, updated_at timestamptz, steps jsonb)
    language sql stable set search_path = ''
as $$
    select r.status, r.attempts, r.error, r.created_at, r.updated_at,
        (select coalesce(jsonb_agg(jsonb_build_object('step', s.step, 'done_at', s.done_at) order by s.done_at, s.step), '[]')
         from directory.provisioning_steps s where s.tenant_id = r.tenant_id)
    from directory.provisioning_runs r
    where r.tenant_id = tenant
$$;

create function app.own_provisioning()
    returns table (status text, attempts integer, error text, created_at timestamptz, updated_at timestamptz, steps jsonb)
    language sql stable security definer set search_path = ''
as $$
    select * from directory.provisioning_of(app.tid())
$$;

create function app.platform_provisioning(actor uuid, tenant uuid)
    returns table (status text, attempts integer, error text, created_at timestamptz, updated_at timestamptz, steps jsonb)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    perform directory.require_platform(actor, 'MASTER', 'SUPPORT', 'PARTNER');
    return query
        select * from directory.provisioning_of(tenant)
        where directory.platform_role_of(actor) <> 'PARTNER' or tenant in (select directory.partner_tenants(actor));
end
$$;

-- Settings ---------------------------------------------------------------------------------------------------------------

create table app.settings (
    tenant_id uuid primary key references directory.tenants (id),
    time_zone text check (char_length(time_zone) between 1 and 60),
    language text check (language in ('pt-BR', 'en')),
    currency text check (currency ~ '^[A-Z]{3}$'),
    sync_orders boolean,
    sync_items boolean,
    updated_at timestamptz not null default now()
);
call directory.make_tenant_table('app.settings');

-- One row for each account (B007); null is what the tenant's own settings say.
create table app.ml_account_settings (
    tenant_id uuid not null,
    account_id uuid not null,
    time_zone text check (char_length(time_zone) between 1 and 60),
    language text check (language in ('pt-BR', 'en')),
    currency text check (currency ~ '^[A-Z]{3}$'),
    sync_orders boolean,
    sync_items boolean,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
call directory.make_tenant_table('app.ml_account_settings');

revoke execute on function
    app.standing(uuid),
    app.visitor_standing(uuid, uuid),
    app.silo_of(uuid),
    app.memberships(uuid),
    app.move_session(uuid, uuid, uuid, bytea, bytea, timestamptz, interval, interval, boolean),
    app.partner_of(uuid),
    app.own_brand(),
    app.change_own_brand(jsonb),
    app.brand_of_host(text),
    app.begin_provisioning(jsonb, timestamptz),
    app.provision(text, jsonb),
    app.provisioning_failed(text),
    app.undo_provisioning(text),
    app.unfinished_tenant(text, timestamptz),
    app.own_provisioning(),
    app.platform_provisioning(uuid, uuid)
from public;
grant execute on function
    app.standing(uuid),
    app.visitor_standing(uuid, uuid),
    app.silo_of(uuid),
    app.memberships(uuid),
    app.move_session(uuid, uuid, uuid, bytea, bytea, timestamptz, interval, interval, boolean),
    app.partner_of(uuid),
    app.own_brand(),
    app.change_own_brand(jsonb),
    app.brand_of_host(text),
    app.begin_provisioning(jsonb, timestamptz),
    app.provision(text, jsonb),
    app.provisioning_failed(text),
    app.undo_provisioning(text),
    app.unfinished_tenant(text, timestamptz),
    app.own_provisioning(),
    app.platform_provisioning(uuid, uuid)
to app;
