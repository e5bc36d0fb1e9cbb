-- How Mercado Livre rates each seller. Rates are from 0 to 1. Nobody's name, e-mail, phone, document or address is in here.
create table app.seller_profiles (
    tenant_id uuid not null,
    account_id uuid not null,
    level text,
    real_level text,
    protection_ends_at timestamptz,
    power_seller_status text,
    site_status text,
    tags text[] not null,
    period text,
    sales bigint,
    claims_rate double precision,
    claims_value bigint,
    delays_rate double precision,
    delays_value bigint,
    cancellations_rate double precision,
    cancellations_value bigint,
    transactions_total bigint,
    transactions_completed bigint,
    transactions_cancelled bigint,
    read_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
call directory.make_tenant_table('app.seller_profiles');

-- Accounts that were connected before are read for the first time within the day.
insert into directory.account_schedules (tenant_id, account_id, purpose, due_at, every)
select tenant_id, account_id, 'seller', now() + random() * interval '1 day', interval '1 day'
from directory.account_schedules
where purpose = 'items'
on conflict do nothing;
