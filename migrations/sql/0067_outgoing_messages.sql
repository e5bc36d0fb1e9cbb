-- What a seller writes to a buyer, from the request until Mercado Livre has it. `sending` is committed before the call, so that
-- whoever finds it there looks the message up and never sends it twice.
create table app.outgoing_messages (
    tenant_id uuid not null,
    id uuid not null,
    account_id uuid not null,
    pack_id bigint not null check (pack_id > 0),
    text text not null check (char_length(text) between 1 and 350),
    attachments jsonb not null default '[]',
    status text not null default 'queued' check (status in ('queued', 'sending', 'sent', 'refused', 'unknown')),
    reason text check (char_length(reason) between 1 and 120),
    message_id text check (char_length(message_id) between 1 and 64),
    requested_by uuid not null,
    created_at timestamptz not null,
    settled_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index outgoing_messages_by_account on app.outgoing_messages (tenant_id, account_id, created_at desc);
call directory.make_tenant_table('app.outgoing_messages');
