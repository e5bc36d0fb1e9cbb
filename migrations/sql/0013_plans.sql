-- squawk-ignore-file ban-drop-not-null, ban-drop-default, ban-drop-constraint, constraint-missing-not-valid, ban-drop-function
-- (no environment has the schema before this version, so there are neither clients nor rows to break)
-- The catalogue of plans: one row for each published version, whole, and its numbers as rows that queries can join.
create table directory.catalogues (
    version text primary key check (version ~ '^\d{4}-\d{2}(\.\d+)?$'),
    document jsonb not null,
    published_at timestamptz not null default clock_timestamp()
);
create index catalogues_newest on directory.catalogues (published_at desc);

create table directory.plans (
    version text not null references directory.catalogues (version),
    code text not null check (code ~ '^(painel|atendimento)\.[a-z_]+$'),
    line text not null check (line in ('painel', 'atendimento')),
    trial_days integer not null check (trial_days >= 0),
    flags text[] not null,
    primary key (version, code),
    unique (version, code, line)
);

create table directory.plan_limits (
    version text not null,
    plan text not null,
    entitlement text not null check (entitlement in (
        'ml_accounts', 'agents', 'conversations_month', 'messages_month', 'storage_gb', 'rate_limit_15m', 'page_reads_15m'
    )),
    quantity bigint check (quantity >= 0),
    primary key (version, plan, entitlement),
    foreign key (version, plan) references directory.plans (version, code)
);
comment on column directory.plan_limits.quantity is 'null is unlimited';

-- One subscription for each tenant (its key), with at most one plan of each line.
create table directory.subscriptions (
    tenant_id uuid primary key references directory.tenants (id) on delete cascade,
    status text not null check (status in ('trialing', 'active', 'past_due', 'cancelled')),
    currency text not null default 'BRL' check (currency in ('BRL', 'USD')),
    cycle text not null default 'monthly' check (cycle in ('monthly', 'yearly')),
    period_start timestamptz not null,
    period_end timestamptz not null check (period_end > period_start),
    trial_ends_at timestamptz,
    cancel_at_period_end boolean not null default false,
    stripe_customer_id text unique check (char_length(stripe_customer_id) between 1 and 255),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table directory.subscription_items (
    tenant_id uuid not null references directory.subscriptions (tenant_id) on delete cascade,
    line text not null,
    plan text not null,
    version text not null,
    since timestamptz not null default now(),
    primary key (tenant_id, line),
    foreign key (version, plan, line) references directory.plans (version, code, line)
);
create index subscription_items_by_plan on directory.subscription_items (version, plan, line);

-- What was agreed with one tenant instead of the catalogue's number: white-label, and the platform's max_accounts.
create table directory.agreed_limits (
    tenant_id uuid not null references directory.tenants (id) on delete cascade,
    entitlement text not null check (entitlement in (
        'ml_accounts', 'agents', 'conversations_month', 'messages_month', 'storage_gb', 'rate_limit_15m', 'page_reads_15m'
    )),
    quantity bigint not null check (quantity >= 0),
    agreed_at timestamptz not null default now(),
    primary key (tenant_id, entitlement)
);

create function directory.publish_catalogue(catalogue jsonb) returns void
    language plpgsql
as $$
begin
    insert into directory.catalogues (version, document) values (catalogue ->> 'version', catalogue);
    insert into directory.plans (version, code, line, trial_days, flags)
    select catalogue ->> 'version', p ->> 'code', p ->> 'line', (p ->> 'trial_days')::integer,
        array(select jsonb_array_elements_text(p -> 'flags'))
    from jsonb_array_elements(catalogue -> 'plans') p;
    insert into directory.plan_limits (version, plan, entitlement, quantity)
    select catalogue ->> 'version', p ->> 'code', l.key, (l.value #>> '{}')::bigint
    from jsonb_array_elements(catalogue -> 'plans') p, jsonb_each(p -> 'limits') l;
end
$$;

create function directory.newest_catalogue() returns text
    language sql stable
    return (select version from directory.catalogues order by published_at desc limit 1);

-- The union of the lines, the larger number of each; what was agreed replaces it. No subscription counts as painel.free.
create function directory.limits_of(tenant uuid) returns table (entitlement text, quantity bigint)
    language sql stable
as $$
    with held as (
        select i.version, i.plan from directory.subscription_items i where i.tenant_id = tenant
        union all
        select directory.newest_catalogue(), 'painel.free'
        where not exists (select from directory.subscription_items i where i.tenant_id = tenant)
    ),
    united as (
        select l.entitlement, case when bool_and(l.quantity is not null) then max(l.quantity) end as quantity
        from held join directory.plan_limits l using (version, plan)
        group by l.entitlement
    )
    select u.entitlement, case when a.tenant_id is null then u.quantity else a.quantity end
    from united u
    left join directory.agreed_limits a on a.tenant_id = tenant and a.entitlement = u.entitlement
$$;

-- directory.tenants.plan and max_accounts stay readable where they were: the plan of the line painel (FREE where the tenant has
-- none), and the entitlement ml_accounts (null: unlimited). Writing them changes the subscription; the subscription writes them back.
alter table directory.tenants alter column max_accounts drop not null, alter column max_accounts drop default;

create function directory.account_quota(tenant uuid) returns integer
    language sql stable
    return (select case when l.quantity < 2147483647 then l.quantity end::integer from directory.limits_of(tenant) l where l.entitlement = 'ml_accounts');

create function directory.set_item(tenant uuid, of_line text, to_plan text) returns void
    language sql
as $$
    insert into directory.subscription_items (tenant_id, line, plan, version)
    values (tenant, of_line, to_plan, directory.newest_catalogue())
    on conflict (tenant_id, line) do update set plan = excluded.plan, version = excluded.version, since = now()
    where subscription_items.plan <> excluded.plan
$$;

create function directory.write_back_plan(tenant uuid) returns void
    language sql
as $$
    update directory.tenants t
    set plan = found.plan, max_accounts = found.quota
    from (
        select coalesce(
                (
                    select upper(split_part(i.plan, '.', 2))
                    from directory.subscription_items i where i.tenant_id = tenant and i.line = 'painel'
                ),
                'FREE'
            ) as plan,
            directory.account_quota(tenant) as quota
    ) found
    where t.id = tenant and (t.plan, t.max_accounts) is distinct from (found.plan, found.quota)
$$;

create function directory.subscribe(tenant directory.tenants) returns void
    language plpgsql
as $$
declare
    code text := 'painel.' || lower(tenant.plan);
    trial interval := (
        select make_interval(days => p.trial_days) from directory.plans p
        where p.version = directory.newest_catalogue() and p.code = 'painel.' || lower(tenant.plan)
    );
begin
    insert into directory.subscriptions (tenant_id, status, period_start, period_end, trial_ends_at)
    values (
        tenant.id,
        case when tenant.status in ('PROVISIONING', 'TRIAL') then 'trialing' else 'active' end,
        tenant.created_at,
        tenant.created_at + trial,
        tenant.created_at + trial
    );
    perform directory.set_item(tenant.id, 'painel', code);
    if tenant.max_accounts is distinct from directory.account_quota(tenant.id) and tenant.max_accounts is not null then
        insert into directory.agreed_limits (tenant_id, entitlement, quantity) values (tenant.id, 'ml_accounts', tenant.max_accounts);
    end if;
    perform directory.write_back_plan(tenant.id);
end
$$;

create function directory.tenant_opened() returns trigger
    language plpgsql
as $$
begin
    perform directory.subscribe(new);
    return null;
end
$$;
create trigger subscribe after insert on directory.tenants for each row execute function directory.tenant_opened();

-- What equals the subscription already was written back from it, and asks for nothing.
create function directory.tenant_plan_changed() returns trigger
    language plpgsql
as $$
begin
    if new.plan is distinct from old.plan then
        if new.plan <> 'FREE' or exists (
            select from directory.subscription_items i where i.tenant_id = new.id and i.line = 'painel'
        ) then
            perform directory.set_item(new.id, 'painel', 'painel.' || lower(new.plan));
        end if;
    end if;
    if new.max_accounts is distinct from old.max_accounts and new.max_accounts is distinct from directory.account_quota(new.id) then
        insert into directory.agreed_limits (tenant_id, entitlement, quantity) values (new.id, 'ml_accounts', new.max_accounts)
        on conflict (tenant_id, entitlement) do update set quantity = excluded.quantity, agreed_at = now();
    end if;
    perform directory.write_back_plan(new.id);
    return null;
end
$$;
create trigger change_plan after update of plan, max_accounts on directory.tenants
    for each row when ((old.plan, old.max_accounts) is distinct from (new.plan, new.max_accounts))
    execute function directory.tenant_plan_changed();

-- For tenants that were there before the catalogue.
create function directory.subscribe_everyone() returns void
    language sql
as $$
    select directory.subscribe(t) from directory.tenants t
    where not exists (select from directory.subscriptions s where s.tenant_id = t.id)
$$;

-- Reading ------------------------------------------------------------------------------------------------------------------

create function app.catalogue(of_version text) returns jsonb
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select c.document from directory.catalogues c where c.version = coalesce(of_version, directory.newest_catalogue())
$$;

create function app.own_limits() returns table (entitlement text, quantity bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.entitlement, l.quantity from directory.limits_of(app.tid()) l
$$;

create function app.own_subscription_items() returns table (line text, plan text, version text, flags text[])
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select i.line, i.plan, i.version, p.flags
    from directory.subscription_items i
    join directory.plans p on p.version = i.version and p.code = i.plan
    where i.tenant_id = app.tid()
$$;

create function app.own_subscription()
    returns table (
        status text, currency text, cycle text, period_start timestamptz, period_end timestamptz, trial_ends_at timestamptz,
        cancel_at_period_end boolean
    )
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.status, s.currency, s.cycle, s.period_start, s.period_end, s.trial_ends_at, s.cancel_at_period_end
    from directory.subscriptions s
    where s.tenant_id = app.tid()
$$;

-- Changing, by the platform: inside the tenant that changes, by an actor whose role is proved here --------------------------

create function app.hold_subscription() returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    select 1 from directory.subscriptions s where s.tenant_id = app.tid() for update
$$;

create function app.platform_set_item(actor uuid, of_line text, to_plan text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform directory.require_platform(actor, 'MASTER');
    if to_plan is null then
        delete from directory.subscription_items i where i.tenant_id = app.tid() and i.line = of_line;
    else
        perform directory.set_item(app.tid(), of_line, to_plan);
    end if;
    update directory.subscriptions s set updated_at = now() where s.tenant_id = app.tid();
    perform directory.write_back_plan(app.tid());
end
$$;

create function app.platform_set_terms(
    actor uuid, new_currency text, new_cycle text, cancel_at_end boolean, customer text
) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform directory.require_platform(actor, 'MASTER');
    update directory.subscriptions s
    set currency = coalesce(new_currency, s.currency), cycle = coalesce(new_cycle, s.cycle),
        cancel_at_period_end = coalesce(cancel_at_end, s.cancel_at_period_end),
        stripe_customer_id = coalesce(customer, s.stripe_customer_id), updated_at = now()
    where s.tenant_id = app.tid();
end
$$;

create function app.platform_agree_limit(actor uuid, of_entitlement text, agreed bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform directory.require_platform(actor, 'MASTER');
    if agreed is null then
        delete from directory.agreed_limits a where a.tenant_id = app.tid() and a.entitlement = of_entitlement;
    else
        insert into directory.agreed_limits (tenant_id, entitlement, quantity) values (app.tid(), of_entitlement, agreed)
        on conflict (tenant_id, entitlement) do update set quantity = excluded.quantity, agreed_at = now();
    end if;
    perform directory.write_back_plan(app.tid());
end
$$;

-- Agents: active people who may do more than look. Frozen ones look only, until there is room again -------------------------

alter table directory.memberships add column frozen_at timestamptz;
comment on column directory.memberships.frozen_at is 'the plan has no room for this person, who looks only (VIEWER) until it has';

create or replace view directory.ways_in with (security_invoker = true) as
select m.user_id, m.tenant_id, case when m.frozen_at is null then m.role else 'VIEWER' end as role, u.platform_role,
    m.tenant_id = u.default_tenant_id as is_default
from directory.memberships m
join directory.users u on u.id = m.user_id and u.is_active
join directory.tenants t on t.id = m.tenant_id and t.status in ('TRIAL', 'ACTIVE', 'PAST_DUE')
where m.is_active;

create function app.count_agents() returns table (working bigint, frozen bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select count(*) filter (where m.frozen_at is null), count(*) filter (where m.frozen_at is not null)
    from directory.memberships m
    join directory.users u on u.id = m.user_id
    where m.tenant_id = app.tid() and m.is_active and u.is_active and m.role <> 'VIEWER'
$$;

-- Owners come first and then who came first; the newest beyond the quota freeze, and thaw in the same order.
create function app.settle_agents(quota bigint) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    with ranked as (
        select m.user_id, row_number() over (order by m.role = 'OWNER' desc, m.created_at, m.user_id) as place
        from directory.memberships m
        join directory.users u on u.id = m.user_id
        where m.tenant_id = app.tid() and m.is_active and u.is_active and m.role <> 'VIEWER'
    )
    update directory.memberships m
    set frozen_at = case when quota is not null and r.place > quota then now() end, updated_at = now()
    from ranked r
    where m.tenant_id = app.tid() and m.user_id = r.user_id
        and (quota is not null and r.place > quota) <> (m.frozen_at is not null);
    update directory.memberships m set frozen_at = null
    where m.tenant_id = app.tid() and m.frozen_at is not null and (m.role = 'VIEWER' or not m.is_active)
$$;

-- Accounts: a frozen one keeps its rows, its seller and its tokens, and is not synchronised -----------------------------------

alter table app.ml_accounts
    add column frozen_from text check (frozen_from in ('ACTIVE', 'RECONNECT_REQUIRED')),
    drop constraint ml_accounts_status_check,
    add constraint ml_accounts_status_check check (status in ('ACTIVE', 'RECONNECT_REQUIRED', 'DISCONNECTED', 'FROZEN')),
    add constraint ml_accounts_frozen_from check (status <> 'FROZEN' or frozen_from is not null);

-- Use, by entitlement and period (`2026-11`, or `level` for what has no period) ---------------------------------------------

create table app.usage_counters (
    tenant_id uuid not null references directory.tenants (id),
    entitlement text not null check (
        entitlement in ('ml_accounts', 'agents', 'conversations_month', 'messages_month', 'storage_gb')
    ),
    period text not null check (period ~ '^(level|\d{4}-\d{2})$'),
    current bigint not null check (current >= 0),
    warned_at timestamptz,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, entitlement, period)
);
call directory.make_tenant_table('app.usage_counters', 'select, insert, update');

drop function app.account_limit();

revoke execute on all functions in schema app from public;
grant execute on function
    app.catalogue(text),
    app.own_limits(),
    app.own_subscription_items(),
    app.own_subscription(),
    app.hold_subscription(),
    app.platform_set_item(uuid, text, text),
    app.platform_set_terms(uuid, text, text, boolean, text),
    app.platform_agree_limit(uuid, text, bigint),
    app.count_agents(),
    app.settle_agents(bigint)
    to app;
