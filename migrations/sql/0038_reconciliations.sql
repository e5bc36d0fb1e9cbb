-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation
-- A reconciliation is a run that compares: what it found stands beside what it counted, in orders. The small table is scanned once.
alter table app.sync_runs
    drop constraint sync_runs_scope_check,
    add constraint sync_runs_scope_check check (
        scope in ('items', 'orders', 'shipments', 'questions', 'messages', 'claims', 'billing', 'seller', 'reconcile')
    ),
    add column theirs_found bigint not null default 0,
    add column ours_found bigint not null default 0,
    add column missing_found bigint not null default 0,
    add column stale_found bigint not null default 0,
    add column unlisted_found bigint not null default 0,
    add column repaired_found bigint not null default 0;

create index orders_by_update on app.orders (tenant_id, account_id, source_updated_at);
