-- squawk-ignore-file require-concurrent-index-creation
-- Orders by their cart. Built with writes to one table held for seconds, in the migration's own transaction.
create index orders_by_pack on app.orders (tenant_id, pack_id) where pack_id is not null;
