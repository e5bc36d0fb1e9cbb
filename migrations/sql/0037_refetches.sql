-- What is to be read again from Mercado Livre: one row for a resource, however many notifications point at it. The row is there
-- while a job is on its way or at work; `again` says that something came after that job began to read, so that it is read once more.
create table app.refetches (
    tenant_id uuid not null,
    resource text collate "C" not null check (char_length(resource) between 1 and 200),
    account_id uuid not null,
    topic text not null check (char_length(topic) between 1 and 100),
    again boolean not null default false,
    touched_at timestamptz not null,
    primary key (tenant_id, resource),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index refetches_stale on app.refetches (tenant_id, account_id, touched_at);
call directory.make_tenant_table('app.refetches');
