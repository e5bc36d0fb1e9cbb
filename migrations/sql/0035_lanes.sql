-- A tenant's jobs wait here, not in the queue that all tenants share (decision 0052). `key` is what a job is about: a second one
-- about the same thing waits no longer than the first. `holder` is the turn that works on it, until `held_until` at the latest.
create table app.jobs (
    tenant_id uuid not null references directory.tenants (id),
    lane text not null check (lane in ('sync', 'refetch')),
    key text collate "C" not null check (char_length(key) between 1 and 500),
    body text not null check (char_length(body) <= 4000),
    due_at timestamptz not null,
    deferrals integer not null default 0 check (deferrals >= 0),
    holder uuid,
    held_until timestamptz,
    primary key (tenant_id, lane, key)
);
create index jobs_due on app.jobs (tenant_id, lane, due_at);
call directory.make_tenant_table('app.jobs');

-- The messages that a lane has in the queue: `turns` as `{token: until when it is believed in}`, and one that sleeps until a job
-- which was put off is due.
create table app.lanes (
    tenant_id uuid not null references directory.tenants (id),
    lane text not null check (lane in ('sync', 'refetch')),
    turns jsonb not null default '{}',
    sleeper uuid,
    wakes_at timestamptz,
    primary key (tenant_id, lane)
);
call directory.make_tenant_table('app.lanes');
