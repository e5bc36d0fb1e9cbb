-- squawk-ignore-file require-concurrent-index-creation
-- Parcels. Nobody's name, phone or street is in here, in `raw` neither (decision 0056). `missing` names the fields that the last
-- read lacked: what they held before is kept.
create table app.shipments (
    tenant_id uuid not null,
    id bigint not null check (id > 0),
    account_id uuid not null,
    status text not null check (char_length(status) between 1 and 60),
    substatus text check (char_length(substatus) between 1 and 60),
    mode text,
    logistic_type text,
    tracking_number text,
    tracking_method text,
    currency text not null check (char_length(currency) = 3),
    seller_cost bigint,
    receiver_cost bigint,
    declared_value bigint,
    zip_code text,
    city text,
    state text,
    estimated_delivery_at timestamptz,
    estimated_limit_at timestamptz,
    date_created timestamptz not null,
    source_updated_at timestamptz not null,
    synced_at timestamptz not null,
    missing text[] not null default '{}',
    raw jsonb not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index shipments_newest on app.shipments (tenant_id, date_created desc, id desc);
create index shipments_by_account on app.shipments (tenant_id, account_id, date_created desc, id desc);
create index shipments_by_status on app.shipments (tenant_id, status, date_created desc, id desc);
call directory.make_tenant_table('app.shipments');

-- A parcel may be told of before its orders are, so an order need not be there.
create table app.shipment_orders (
    tenant_id uuid not null,
    shipment_id bigint not null,
    order_id bigint not null check (order_id > 0),
    primary key (tenant_id, shipment_id, order_id),
    foreign key (tenant_id, shipment_id) references app.shipments (tenant_id, id) on delete cascade
);
create index shipment_orders_by_order on app.shipment_orders (tenant_id, order_id);
call directory.make_tenant_table('app.shipment_orders');

-- An account's orders by parcel. Built with writes to one table held for seconds, in the migration's own transaction.
create index orders_by_shipment on app.orders (tenant_id, account_id, shipment_id) where shipment_id is not null;
