-- What buyers and sellers write to each other after the sale. A conversation belongs to a pack, or to the order where a sale has
-- no pack: Mercado Livre has both in the same place. Texts are people's words: they are personal data.
create table app.conversations (
    tenant_id uuid not null,
    pack_id bigint not null check (pack_id > 0),
    account_id uuid not null,
    status text not null check (char_length(status) between 1 and 60),
    substatus text check (char_length(substatus) between 1 and 120),
    unread integer not null default 0 check (unread >= 0),
    last_message_at timestamptz,
    source_updated_at timestamptz not null,
    synced_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, pack_id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index conversations_by_account on app.conversations (tenant_id, account_id, last_message_at desc, pack_id desc);
call directory.make_tenant_table('app.conversations');

create table app.messages (
    tenant_id uuid not null,
    id text collate "C" not null check (char_length(id) between 1 and 64),
    account_id uuid not null,
    pack_id bigint not null,
    from_seller boolean not null,
    text text not null,
    status text not null check (char_length(status) between 1 and 60),
    moderation_status text check (char_length(moderation_status) between 1 and 60),
    moderation_reason text check (char_length(moderation_reason) between 1 and 120),
    attachments jsonb not null default '[]',
    date_created timestamptz not null,
    read_at timestamptz,
    source_updated_at timestamptz not null,
    synced_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id),
    foreign key (tenant_id, pack_id) references app.conversations (tenant_id, pack_id)
);
create index messages_newest on app.messages (tenant_id, pack_id, date_created desc, id desc);
create index messages_by_account on app.messages (tenant_id, account_id);
call directory.make_tenant_table('app.messages');
