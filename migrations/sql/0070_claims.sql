-- Claims of buyers. Nobody's words and no address is in here, in `raw` neither (decision 0064). `action` is what the seller must
-- do by `action_due_at`. A claim may be told of before its order is, so an order need not be there.
create table app.claims (
    tenant_id uuid not null,
    id bigint not null check (id > 0),
    account_id uuid not null,
    resource text not null check (char_length(resource) between 1 and 60),
    resource_id bigint not null,
    order_id bigint check (order_id > 0),
    status text not null check (char_length(status) between 1 and 60),
    type text not null check (char_length(type) between 1 and 60),
    stage text not null check (char_length(stage) between 1 and 60),
    reason_id text check (char_length(reason_id) between 1 and 60),
    fulfilled boolean,
    quantity_type text,
    claimed_quantity bigint,
    action text,
    action_due_at timestamptz,
    has_return boolean not null,
    resolution_reason text,
    resolution_benefited text[] not null default '{}',
    resolution_closed_by text,
    resolution_coverage boolean,
    resolved_at timestamptz,
    date_created timestamptz not null,
    source_updated_at timestamptz not null,
    synced_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index claims_newest on app.claims (tenant_id, date_created desc, id desc);
create index claims_by_account on app.claims (tenant_id, account_id, date_created desc, id desc);
create index claims_by_status on app.claims (tenant_id, status, date_created desc, id desc);
create index claims_by_order on app.claims (tenant_id, order_id) where order_id is not null;
call directory.make_tenant_table('app.claims');

-- `shipments` are [{shipment_id, status, tracking_number, type}], `items` are [{order_id, item_id, variation_id, total_quantity,
-- return_quantity}]: read with their return and never by themselves.
create table app.claim_returns (
    tenant_id uuid not null,
    claim_id bigint not null,
    id bigint not null check (id > 0),
    status text not null check (char_length(status) between 1 and 60),
    status_money text,
    subtype text,
    shipments jsonb not null,
    items jsonb not null,
    date_created timestamptz,
    date_closed timestamptz,
    source_updated_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, claim_id, id),
    foreign key (tenant_id, claim_id) references app.claims (tenant_id, id) on delete cascade
);
call directory.make_tenant_table('app.claim_returns');

-- Accounts that are connected already get their claims from now on.
insert into directory.account_schedules (tenant_id, account_id, purpose, due_at, every)
select tenant_id, account_id, 'claims', now(), interval '2 hours' from directory.account_schedules where purpose = 'orders'
on conflict do nothing;
