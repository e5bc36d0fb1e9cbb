-- squawk-ignore-file prefer-timestamp-tz
-- What Mercado Livre charges a seller: a row for each month, group and document type. `last_id` is the charge up to which it was
-- read; `read_amount` and `read_status` are what the list said when it was last read to its end. `differences` are [{sub_type,
-- ours, theirs}] in minor units, as of `checked_at`.
create table app.billing_periods (
    tenant_id uuid not null,
    id uuid not null,
    account_id uuid not null,
    billing_group text not null check (billing_group in ('ML', 'MP')),
    document_type text not null check (document_type in ('BILL', 'CREDIT_NOTE')),
    key date not null,
    date_from date not null,
    date_to date not null,
    expires_on date,
    status text not null check (status in ('OPEN', 'CLOSED')),
    amount bigint not null,
    unpaid bigint,
    currency text not null check (char_length(currency) = 3),
    last_id bigint not null default 0,
    read_amount bigint,
    read_status text check (read_status in ('OPEN', 'CLOSED')),
    reconciled boolean,
    differences jsonb not null default '[]',
    checked_at timestamptz,
    synced_at timestamptz not null,
    primary key (tenant_id, id),
    unique (tenant_id, account_id, billing_group, document_type, key),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index billing_periods_newest on app.billing_periods (tenant_id, key desc, id desc);
call directory.make_tenant_table('app.billing_periods');

-- `charged_at` and `sold_at` come without an offset and are kept so: no page says whose clock they were read from (decision 0065).
-- Who bought is not in here, in `raw` neither.
create table app.billing_charges (
    tenant_id uuid not null,
    period_id uuid not null,
    id bigint not null check (id > 0),
    type text not null check (char_length(type) between 1 and 60),
    sub_type text not null check (char_length(sub_type) between 1 and 60),
    description text,
    currency text not null check (char_length(currency) = 3),
    amount bigint not null,
    amount_without_discount bigint,
    discount bigint,
    debited_from_sale boolean,
    order_id bigint,
    item_id text collate "C",
    shipment_id bigint,
    pack_id bigint,
    bonified_id bigint,
    legal_document text,
    charged_at timestamp not null,
    sold_at timestamp,
    synced_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, period_id, id),
    foreign key (tenant_id, period_id) references app.billing_periods (tenant_id, id) on delete cascade
);
create index billing_charges_by_order on app.billing_charges (tenant_id, order_id) where order_id is not null;
call directory.make_tenant_table('app.billing_charges');

-- Accounts that are connected already get their bills from now on.
insert into directory.account_schedules (tenant_id, account_id, purpose, due_at, every)
select tenant_id, account_id, 'billing', now(), interval '1 day' from directory.account_schedules where purpose = 'orders'
on conflict do nothing;
