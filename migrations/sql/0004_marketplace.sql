-- Mercado Livre. Tenant tables first: the provider's document is kept whole in `raw`, beside the columns that are queried.
-- Statuses that Mercado Livre owns are open sets and only bounded in length; ours are closed.

create table app.ml_accounts (
    tenant_id uuid not null references directory.tenants (id),
    id uuid not null,
    seller_id bigint not null check (seller_id > 0),
    site_id text not null check (site_id ~ '^[A-Z]{3}$'),
    nickname text not null check (char_length(nickname) between 1 and 120),
    status text not null default 'ACTIVE' check (status in ('ACTIVE', 'RECONNECT_REQUIRED', 'DISCONNECTED')),
    status_reason text check (char_length(status_reason) <= 60),
    connected_by uuid not null,
    connected_at timestamptz not null,
    disconnected_at timestamptz,
    last_synced_at timestamptz,
    sync_trouble text check (char_length(sync_trouble) <= 60),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, seller_id)
);
call directory.make_tenant_table('app.ml_accounts');

create table app.ml_account_tokens (
    tenant_id uuid not null,
    account_id uuid not null,
    access_token bytea not null,
    refresh_token bytea not null,
    scopes text not null,
    expires_at timestamptz not null,
    refreshed_at timestamptz not null,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
call directory.make_tenant_table('app.ml_account_tokens');

create table app.items (
    tenant_id uuid not null,
    id text collate "C" not null check (char_length(id) between 4 and 40),
    account_id uuid not null,
    title text not null,
    status text not null check (char_length(status) between 1 and 60),
    category_id text,
    listing_type_id text,
    currency text not null check (char_length(currency) = 3),
    price bigint,
    original_price bigint,
    available_quantity bigint,
    sold_quantity bigint,
    seller_sku text,
    permalink text,
    thumbnail text,
    date_created timestamptz,
    source_updated_at timestamptz not null,
    synced_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index items_by_account on app.items (tenant_id, account_id, id);
create index items_by_status on app.items (tenant_id, status, id);
call directory.make_tenant_table('app.items');

-- `missing` names the fields that the last read lacked (HTTP 206, X-Content-Missing): what they held before is kept.
create table app.orders (
    tenant_id uuid not null,
    id bigint not null check (id > 0),
    account_id uuid not null,
    pack_id bigint,
    status text not null check (char_length(status) between 1 and 60),
    currency text not null check (char_length(currency) = 3),
    total bigint not null,
    paid bigint,
    marketplace_fee bigint,
    shipment_id bigint,
    buyer_id bigint,
    tags text[],
    date_created timestamptz not null,
    date_closed timestamptz,
    source_updated_at timestamptz not null,
    synced_at timestamptz not null,
    missing text[] not null default '{}',
    raw jsonb not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index orders_newest on app.orders (tenant_id, date_created desc, id desc);
create index orders_by_account on app.orders (tenant_id, account_id, date_created desc, id desc);
create index orders_by_status on app.orders (tenant_id, status, date_created desc, id desc);
call directory.make_tenant_table('app.orders');

create table app.order_items (
    tenant_id uuid not null,
    order_id bigint not null,
    position integer not null check (position >= 0),
    item_id text collate "C" not null,
    variation_id bigint,
    title text not null,
    seller_sku text,
    quantity bigint not null check (quantity > 0),
    unit_price bigint not null,
    full_unit_price bigint,
    sale_fee bigint,
    currency text not null check (char_length(currency) = 3),
    primary key (tenant_id, order_id, position),
    foreign key (tenant_id, order_id) references app.orders (tenant_id, id) on delete cascade
);
create index order_items_by_item on app.order_items (tenant_id, item_id);
call directory.make_tenant_table('app.order_items');

-- `page` counts the pages whose rows are committed, and fences messages: only the message of this page may write.
create table app.sync_runs (
    tenant_id uuid not null,
    id uuid not null,
    account_id uuid not null,
    scope text not null check (scope in ('items', 'orders')),
    days integer not null check (days between 1 and 365),
    trigger text not null check (trigger in ('connect', 'manual', 'schedule')),
    status text not null default 'running' check (status in ('running', 'done', 'failed', 'cancelled')),
    page integer not null default 0 check (page >= 0),
    cursor jsonb not null,
    items_processed bigint not null default 0,
    orders_processed bigint not null default 0,
    shipments_processed bigint not null default 0,
    questions_processed bigint not null default 0,
    errors jsonb not null default '[]',
    requested_by uuid,
    started_at timestamptz not null,
    progressed_at timestamptz not null,
    finished_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create unique index sync_runs_one_running on app.sync_runs (tenant_id, account_id, scope) where status = 'running';
create index sync_runs_newest on app.sync_runs (tenant_id, started_at desc, id desc);
create index sync_runs_by_account on app.sync_runs (tenant_id, account_id, scope, started_at desc);
call directory.make_tenant_table('app.sync_runs');

create table app.notifications (
    tenant_id uuid not null,
    source text not null check (char_length(source) between 1 and 40),
    event_key text not null check (char_length(event_key) between 1 and 200),
    account_id uuid not null,
    topic text not null check (char_length(topic) between 1 and 100),
    resource text not null check (char_length(resource) <= 400),
    attempts integer not null check (attempts >= 0),
    status text not null check (status in ('received', 'handled', 'ignored')),
    sent_at timestamptz,
    received_at timestamptz not null,
    handled_at timestamptz,
    primary key (tenant_id, source, event_key),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index notifications_waiting on app.notifications (tenant_id, account_id, resource) where status = 'received';
create index notifications_newest on app.notifications (tenant_id, received_at desc);
call directory.make_tenant_table('app.notifications');

-- One row for each version of a resource that was applied: this key is what keeps an effect from happening twice.
create table app.inbox_events (
    tenant_id uuid not null references directory.tenants (id),
    source text not null check (char_length(source) between 1 and 40),
    event_key text not null check (char_length(event_key) between 1 and 200),
    received_at timestamptz not null default now(),
    primary key (tenant_id, source, event_key)
);
call directory.make_tenant_table('app.inbox_events');

-- What happened, for whoever acts on it. No unique key on (resource, version) on purpose: the inbox prevents a second row,
-- and a test that takes the inbox key away must be able to see one.
create table app.outbox_events (
    tenant_id uuid not null references directory.tenants (id),
    id uuid not null,
    kind text not null check (char_length(kind) between 1 and 60),
    resource text not null check (char_length(resource) between 1 and 200),
    version text not null check (char_length(version) between 1 and 60),
    payload jsonb not null,
    created_at timestamptz not null default now(),
    published_at timestamptz,
    primary key (tenant_id, id)
);
create index outbox_by_resource on app.outbox_events (tenant_id, resource, version);
create index outbox_waiting on app.outbox_events (tenant_id, id) where published_at is null;
call directory.make_tenant_table('app.outbox_events');

-- Directory: what is read before a tenant is known. app reaches it only through the functions below.

-- A seller belongs to one tenant at a time (K13): the primary key says so for the whole system.
create table directory.seller_routes (
    seller_id bigint primary key,
    site_id text not null,
    tenant_id uuid not null,
    account_id uuid not null,
    created_at timestamptz not null default now(),
    unique (tenant_id, account_id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index seller_routes_by_site on directory.seller_routes (site_id, created_at desc);

-- When an account is due. `every` is null where whoever does the work says when it is due again (tokens, by their expiry).
create table directory.account_schedules (
    tenant_id uuid not null,
    account_id uuid not null,
    purpose text not null check (purpose in ('orders', 'items', 'token')),
    due_at timestamptz not null,
    every interval,
    primary key (tenant_id, account_id, purpose),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index account_schedules_due on directory.account_schedules (purpose, due_at, tenant_id, account_id);

create table directory.oauth_states (
    state_hash bytea primary key,
    cookie_hash bytea not null,
    verifier bytea not null,
    tenant_id uuid not null references directory.tenants (id),
    user_id uuid not null references directory.users (id) on delete cascade,
    redirect_uri text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index oauth_states_by_expiry on directory.oauth_states (expires_at);
create index oauth_states_by_tenant on directory.oauth_states (tenant_id);
create index oauth_states_by_user on directory.oauth_states (user_id);

create table directory.webhook_rejections (
    id uuid primary key,
    source text not null,
    reason text not null,
    topic text,
    source_ip text,
    excerpt text not null check (char_length(excerpt) <= 500),
    received_at timestamptz not null
);
create index webhook_rejections_newest on directory.webhook_rejections (received_at desc);

-- Our own payment provider's events, each once. Bodies hold personal data, so they are purged by age.
create table directory.provider_events (
    id uuid primary key,
    source text not null,
    event_id text not null,
    type text not null,
    livemode boolean not null,
    status text not null check (status in ('received', 'ignored', 'refused')),
    body jsonb not null,
    created_at timestamptz,
    received_at timestamptz not null,
    unique (source, event_id)
);
create index provider_events_newest on directory.provider_events (received_at desc);

-- Claims a seller for the tenant of this transaction. False: the seller is active in another tenant.
create function app.claim_seller(seller bigint, site text, account uuid) returns boolean
    language sql security definer set search_path = ''
as $$
    insert into directory.seller_routes (seller_id, site_id, tenant_id, account_id)
    values (seller, site, app.tid(), account)
    on conflict do nothing;
    select exists (
        select from directory.seller_routes r
        where r.seller_id = seller and r.tenant_id = app.tid() and r.account_id = account
    );
$$;

create function app.release_seller(account uuid) returns void
    language sql security definer set search_path = ''
as $$
    delete from directory.seller_routes where tenant_id = app.tid() and account_id = account;
    delete from directory.account_schedules where tenant_id = app.tid() and account_id = account;
$$;

create function app.route_sellers(sellers bigint[])
    returns table (seller_id bigint, tenant_id uuid, account_id uuid)
    language sql stable security definer set search_path = ''
as $$
    select r.seller_id, r.tenant_id, r.account_id
    from directory.seller_routes r
    join directory.tenants t on t.id = r.tenant_id and t.status <> 'CANCELLED'
    where r.seller_id = any (sellers);
$$;

-- Up to three accounts of each site, newest first: any seller's token may read the application's missed feeds.
create function app.feed_readers() returns table (site_id text, tenant_id uuid, account_id uuid)
    language sql stable security definer set search_path = ''
as $$
    select site_id, tenant_id, account_id
    from (
        select r.site_id, r.tenant_id, r.account_id,
               row_number() over (partition by r.site_id order by r.created_at desc) as place
        from directory.seller_routes r
    ) ranked
    where place <= 3
    order by site_id, place;
$$;

create function app.schedule_account(account uuid, for_purpose text, due timestamptz, period interval) returns void
    language sql security definer set search_path = ''
as $$
    insert into directory.account_schedules (tenant_id, account_id, purpose, due_at, every)
    values (app.tid(), account, for_purpose, due, period)
    on conflict (tenant_id, account_id, purpose) do update set due_at = excluded.due_at, every = excluded.every;
$$;

create function app.unschedule_account(account uuid) returns void
    language sql security definer set search_path = ''
as $$
    delete from directory.account_schedules where tenant_id = app.tid() and account_id = account;
$$;

-- One page of what is due, most overdue first. Callers keep only the last row and one page in memory.
create function app.due_accounts(
    for_purpose text, moment timestamptz, after_due timestamptz, after_tenant uuid, after_account uuid, page integer
)
    returns table (tenant_id uuid, account_id uuid, due_at timestamptz)
    language sql stable security definer set search_path = ''
as $$
    select s.tenant_id, s.account_id, s.due_at
    from directory.account_schedules s
    join directory.tenants t on t.id = s.tenant_id and t.status in ('TRIAL', 'ACTIVE', 'PAST_DUE')
    where s.purpose = for_purpose
      and s.due_at <= moment
      and (s.due_at, s.tenant_id, s.account_id) > (after_due, after_tenant, after_account)
    order by s.due_at, s.tenant_id, s.account_id
    limit page;
$$;

-- A tenth less than the period, so that a tick which comes a little early still finds the account due.
create function app.mark_dispatched(for_purpose text, tenants uuid[], accounts uuid[], moment timestamptz) returns void
    language sql security definer set search_path = ''
as $$
    update directory.account_schedules s
    set due_at = moment + s.every * 0.9
    from unnest(tenants, accounts) as done (tenant_id, account_id)
    where s.tenant_id = done.tenant_id and s.account_id = done.account_id
      and s.purpose = for_purpose and s.every is not null;
$$;

create function app.keep_oauth_state(
    hash bytea, cookie bytea, sealed_verifier bytea, by_user uuid, redirect text, until timestamptz
) returns void
    language sql security definer set search_path = ''
as $$
    delete from directory.oauth_states where expires_at < now() - interval '1 day';
    insert into directory.oauth_states (state_hash, cookie_hash, verifier, tenant_id, user_id, redirect_uri, expires_at)
    values (hash, cookie, sealed_verifier, app.tid(), by_user, redirect, until);
$$;

create function app.read_oauth_state(hash bytea)
    returns table (cookie_hash bytea, verifier bytea, tenant_id uuid, user_id uuid, redirect_uri text)
    language sql stable security definer set search_path = ''
as $$
    select s.cookie_hash, s.verifier, s.tenant_id, s.user_id, s.redirect_uri
    from directory.oauth_states s
    where s.state_hash = hash;
$$;

-- True for the first use in time, and for no other: the row lock decides between two that come at once.
create function app.use_oauth_state(hash bytea, moment timestamptz) returns boolean
    language sql security definer set search_path = ''
as $$
    with used as (
        update directory.oauth_states set used_at = moment
        where state_hash = hash and used_at is null and expires_at > moment
        returning 1
    )
    select exists (select from used);
$$;

create function app.is_active_member(member uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (
        select from directory.memberships m
        join directory.users u on u.id = m.user_id and u.is_active
        where m.tenant_id = app.tid() and m.user_id = member and m.is_active
    );
$$;

-- How many accounts the tenant may connect. Holds the tenant's row until the transaction ends, so that two connections
-- which arrive together are counted one after the other.
create function app.account_limit() returns integer
    language sql security definer set search_path = ''
as $$
    select max_accounts from directory.tenants where id = app.tid() for no key update;
$$;

create function app.file_rejections(rejections jsonb) returns void
    language sql security definer set search_path = ''
as $$
    insert into directory.webhook_rejections (id, source, reason, topic, source_ip, excerpt, received_at)
    select id, source, reason, topic, source_ip, excerpt, received_at
    from jsonb_to_recordset(rejections) as r
        (id uuid, source text, reason text, topic text, source_ip text, excerpt text, received_at timestamptz)
    on conflict do nothing;
$$;

-- True where the event is new.
create function app.file_provider_event(
    event uuid, from_source text, provider_id text, event_type text, live boolean, with_status text, document jsonb,
    made timestamptz, received timestamptz
) returns boolean
    language sql security definer set search_path = ''
as $$
    with filed as (
        insert into directory.provider_events
            (id, source, event_id, type, livemode, status, body, created_at, received_at)
        values (event, from_source, provider_id, event_type, live, with_status, document, made, received)
        on conflict (source, event_id) do nothing
        returning 1
    )
    select exists (select from filed);
$$;

-- Default privileges of a schema cannot take back what every role may do by default, so it is taken back here.
revoke execute on all functions in schema app from public;
grant execute on function
    app.claim_seller(bigint, text, uuid),
    app.release_seller(uuid),
    app.route_sellers(bigint[]),
    app.feed_readers(),
    app.schedule_account(uuid, text, timestamptz, interval),
    app.unschedule_account(uuid),
    app.due_accounts(text, timestamptz, timestamptz, uuid, uuid, integer),
    app.mark_dispatched(text, uuid[], uuid[], timestamptz),
    app.keep_oauth_state(bytea, bytea, bytea, uuid, text, timestamptz),
    app.read_oauth_state(bytea),
    app.use_oauth_state(bytea, timestamptz),
    app.is_active_member(uuid),
    app.account_limit(),
    app.file_rejections(jsonb),
    app.file_provider_event(uuid, text, text, text, boolean, text, jsonb, timestamptz, timestamptz)
    to app;
