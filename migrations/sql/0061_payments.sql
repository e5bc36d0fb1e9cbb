-- Payments. No card and nobody who paid is in here, in `raw` neither (decision 0056). A payment may be told of before its order
-- is, so an order need not be there.
create table app.payments (
    tenant_id uuid not null,
    id bigint not null check (id > 0),
    account_id uuid not null,
    order_id bigint check (order_id > 0),
    status text not null check (char_length(status) between 1 and 60),
    status_detail text,
    type text,
    method text,
    currency text not null check (char_length(currency) = 3),
    amount bigint not null,
    total_paid bigint,
    shipping bigint,
    fee bigint,
    refunded bigint,
    net_received bigint,
    installments integer check (installments >= 0),
    approved_at timestamptz,
    released_at timestamptz,
    source_updated_at timestamptz not null,
    synced_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index payments_by_order on app.payments (tenant_id, order_id, id desc);
create index payments_by_account on app.payments (tenant_id, account_id, id desc);
create index payments_by_status on app.payments (tenant_id, status, id desc);
call directory.make_tenant_table('app.payments');
