-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation, require-concurrent-index-deletion
-- A run can be paused, and keeps its place meanwhile: one running or paused run for each account and scope. The new index serves
-- `on conflict … where status = 'running'` too, so code of the version before goes on. Checks and index are made over small tables.
alter table app.sync_runs
    drop constraint sync_runs_status_check,
    add constraint sync_runs_status_check check (status in ('running', 'paused', 'done', 'failed', 'cancelled')),
    add column expected bigint check (expected >= 0);

create unique index sync_runs_one_open on app.sync_runs (tenant_id, account_id, scope) where status in ('running', 'paused');
drop index app.sync_runs_one_running;
