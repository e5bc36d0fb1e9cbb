-- Questions before the sale, with the seller's one answer. Texts are people's words: they are personal data. What Mercado Livre
-- bans comes back with an empty text; the words that were held stay. `stamped` says that `source_updated_at` is Mercado Livre's
-- own update stamp; a search prints none, so a question that only a search has shown carries the later of its two dates.
create table app.questions (
    tenant_id uuid not null,
    id bigint not null check (id > 0),
    account_id uuid not null,
    item_id text collate "C" not null check (char_length(item_id) between 4 and 40),
    buyer_id bigint,
    status text not null check (char_length(status) between 1 and 60),
    text text not null,
    answer_text text,
    answer_status text check (char_length(answer_status) between 1 and 60),
    answered_at timestamptz,
    on_hold boolean not null default false,
    deleted_from_listing boolean not null default false,
    date_created timestamptz not null,
    source_updated_at timestamptz not null,
    stamped boolean not null,
    synced_at timestamptz not null,
    raw jsonb not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
create index questions_newest on app.questions (tenant_id, date_created desc, id desc);
create index questions_by_account on app.questions (tenant_id, account_id, date_created desc, id desc);
create index questions_by_status on app.questions (tenant_id, status, date_created desc, id desc);
create index questions_by_item on app.questions (tenant_id, item_id, date_created desc, id desc);
call directory.make_tenant_table('app.questions');

-- Accounts that were connected before there were questions get their turn too.
insert into directory.account_schedules (tenant_id, account_id, purpose, due_at, every)
select r.tenant_id, r.account_id, 'questions', now(), interval '30 minutes'
from directory.seller_routes r
on conflict do nothing;
