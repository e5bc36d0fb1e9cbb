-- squawk-ignore-file ban-drop-function, adding-required-field
-- (no environment has the schema before this version, so there are neither clients nor rows to break)
-- What a program may do with its key: within the plan's limit, its own.
alter table directory.api_keys add column rate_limit_15m integer check (rate_limit_15m > 0);
comment on column directory.api_keys.rate_limit_15m is 'calls in 15 minutes; null is what the plan allows';

alter type app.api_key_view add attribute rate_limit_15m integer;

drop function app.add_api_key(uuid, uuid, text, text, bytea, text [], timestamptz, timestamptz);
create function app.add_api_key(
    key uuid, person uuid, key_name text, key_prefix text, hash bytea, key_scopes text [], key_limit integer,
    moment timestamptz, until timestamptz
) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into directory.api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, rate_limit_15m, created_at, expires_at)
    select key, app.tid(), person, key_name, key_prefix, hash, key_scopes, key_limit, moment, until
    where directory.is_member(person);
    return found;
end
$$;

create or replace function app.api_keys(only_one uuid, after uuid, page_size integer) returns setof app.api_key_view
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id, name, prefix, scopes, user_id, created_at, expires_at, last_used_at, rate_limit_15m
    from directory.api_keys
    where tenant_id = app.tid() and revoked_at is null
        and (only_one is null or id = only_one) and (after is null or id > after)
    order by id
    limit page_size
$$;

-- For whom a key speaks: its maker, as long as they may enter its tenant, with the role that they have now. The last use is
-- written once a minute at most, so that a busy key costs no write for each call. is_first_today: nobody used it since 00:00 UTC.
drop function app.find_api_key(bytea, timestamptz);
create function app.find_api_key(hash bytea, moment timestamptz)
    returns table (
        id uuid, tenant_id uuid, user_id uuid, role text, scopes text [], rate_limit_15m integer, is_first_today boolean
    )
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    is_first boolean;
begin
    update directory.api_keys k set last_used_at = moment
    where k.key_hash = hash and k.revoked_at is null and k.expires_at > moment
        and (k.last_used_at is null or k.last_used_at < date_trunc('day', moment, 'UTC'));
    is_first := found;
    update directory.api_keys k set last_used_at = moment
    where k.key_hash = hash and k.revoked_at is null and k.expires_at > moment
        and k.last_used_at < moment - interval '1 minute';
    return query
        select k.id, k.tenant_id, k.user_id, w.role, k.scopes, k.rate_limit_15m, is_first
        from directory.api_keys k
        join directory.ways_in w on w.user_id = k.user_id and w.tenant_id = k.tenant_id
        where k.key_hash = hash and k.revoked_at is null and k.expires_at > moment;
end
$$;

-- As before, and the role, which decides whether the plan needs room for whoever accepts.
drop function app.read_invitation(bytea, timestamptz);
create function app.read_invitation(token bytea, moment timestamptz)
    returns table (tenant_id uuid, email text, tenant_name text, role text, is_registered boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select i.tenant_id, i.email, t.name, i.role, exists (
        select from directory.users u where u.email = i.email and u.email_verified_at is not null
    )
    from directory.invitations i
    join directory.tenants t on t.id = i.tenant_id and t.status in ('TRIAL', 'ACTIVE', 'PAST_DUE')
    where i.token_hash = token and i.accepted_at is null and i.revoked_at is null and i.expires_at > moment
$$;

-- Whose password a link has just replaced: the tenant in whose log it is entered.
create function app.way_in_of(person uuid) returns uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select w.tenant_id from directory.ways_in w where w.user_id = person order by w.is_default desc, w.tenant_id limit 1
$$;

-- Provisioning -----------------------------------------------------------------------------------------------------------

-- A new tenant's subscription is the plan that it was opened on, of whichever line. The trigger on its row has begun it on painel.*.
create function directory.begin_subscription(tenant uuid, code text, accounts bigint) returns void
    language plpgsql set search_path = ''
as $$
declare
    trial interval := (
        select make_interval(days => p.trial_days) from directory.plans p
        where p.version = directory.newest_catalogue() and p.code = begin_subscription.code
    );
begin
    perform directory.set_item(tenant, split_part(code, '.', 1), code);
    delete from directory.subscription_items i where i.tenant_id = tenant and i.plan <> code;
    update directory.subscriptions s
    set period_end = s.period_start + trial, trial_ends_at = s.period_start + trial
    where s.tenant_id = tenant;
    delete from directory.agreed_limits a where a.tenant_id = tenant and a.entitlement = 'ml_accounts';
    if accounts is distinct from directory.account_quota(tenant) and accounts is not null then
        insert into directory.agreed_limits (tenant_id, entitlement, quantity) values (tenant, 'ml_accounts', accounts);
    end if;
    perform directory.write_back_plan(tenant);
end
$$;

-- One step: its effect and its row, or nothing where it was done before. `secrets` is what a run must not keep (the owner's id
-- and hash).
create or replace function app.provision(this_step text, secrets jsonb) returns boolean
    language plpgsql security definer set search_path = ''
as $$
declare
    run directory.provisioning_runs;
    want jsonb;
    code text;
begin
    select * into run from directory.provisioning_runs r where r.tenant_id = app.tid() for update;
    if run.tenant_id is null or run.status in ('done', 'undone')
        or exists (select from directory.provisioning_steps s where s.tenant_id = app.tid() and s.step = this_step) then
        return false;
    end if;
    want := run.wanted;
    -- A run that was begun before plans had codes says PRO for painel.pro.
    code := case when want ->> 'plan' like '%.%' then want ->> 'plan' else 'painel.' || lower(want ->> 'plan') end;
    if this_step = 'tenant' then
        -- A tenant without a plan of the line painel has FREE in its row, which the step `plan` takes out of its subscription again.
        insert into directory.tenants (id, name, email, status, parent_id, host, plan, max_accounts)
        values (
            app.tid(), want ->> 'name', want ->> 'email', 'PROVISIONING', (want ->> 'parent_id')::uuid, want ->> 'host',
            case when code like 'painel.%' then upper(split_part(code, '.', 2)) else 'FREE' end, (want ->> 'max_accounts')::integer
        );
    elsif this_step = 'owner' then
        insert into directory.users (id, email, name, password_hash, default_tenant_id)
        values ((secrets ->> 'id')::uuid, want ->> 'owner_email', want ->> 'owner_name', secrets ->> 'hash', app.tid());
        insert into directory.memberships (tenant_id, user_id, role) values (app.tid(), (secrets ->> 'id')::uuid, 'OWNER');
    elsif this_step = 'plan' then
        perform directory.begin_subscription(app.tid(), code, (want ->> 'max_accounts')::bigint);
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

revoke execute on function
    app.add_api_key(uuid, uuid, text, text, bytea, text [], integer, timestamptz, timestamptz),
    app.find_api_key(bytea, timestamptz),
    app.read_invitation(bytea, timestamptz),
    app.way_in_of(uuid)
from public;
grant execute on function
    app.add_api_key(uuid, uuid, text, text, bytea, text [], integer, timestamptz, timestamptz),
    app.find_api_key(bytea, timestamptz),
    app.read_invitation(bytea, timestamptz),
    app.way_in_of(uuid)
to app;
