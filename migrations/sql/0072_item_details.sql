-- What a buyer pays now, and why: `price` on /items is being phased out. `priced_at` is the moment that the price is of, and
-- `priced_version` the item's stamp for which it was asked, so that a scan asks only for what has changed.
alter table app.items
    add column sale_price bigint,
    add column regular_price bigint,
    add column promotion_id text,
    add column promotion_type text,
    add column priced_at timestamptz,
    add column priced_version timestamptz,
    add column user_product_id text;

-- The legacy model: one listing, several variations with a stock each. `combination` is [{id, name, value}].
create table app.item_variations (
    tenant_id uuid not null,
    item_id text collate "C" not null,
    id bigint not null check (id > 0),
    position integer not null check (position >= 0),
    price bigint,
    available_quantity bigint,
    sold_quantity bigint,
    seller_sku text,
    combination jsonb not null,
    user_product_id text,
    inventory_id text,
    primary key (tenant_id, item_id, id),
    foreign key (tenant_id, item_id) references app.items (tenant_id, id) on delete cascade
);
create index item_variations_by_sku on app.item_variations (tenant_id, seller_sku) where seller_sku is not null;
call directory.make_tenant_table('app.item_variations');
