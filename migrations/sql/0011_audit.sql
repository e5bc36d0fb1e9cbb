-- The audit log. app may add an entry and read its tenant's; nobody signs in who may change or remove one. The database itself
-- numbers and chains entries, so that a function gone wrong can neither forge a place in the chain nor leave one out.

create table app.audit_log (
    tenant_id uuid not null,
    sequence bigint not null check (sequence > 0),
    occurred_at timestamptz not null,
    event text not null check (event ~ '^[A-Z][A-Z_]{2,39}$'),
    actor_id uuid,
    subject text not null check (subject ~ '^[A-Za-z0-9._:/+-]{0,120}$'),
    details jsonb not null check (jsonb_typeof(details) = 'object' and details::text !~ '@' and char_length(details::text) <= 2000),
    hash bytea not null check (octet_length(hash) = 32),
    primary key (tenant_id, sequence)
);
comment on table app.audit_log is 'no personal data beyond ids, which is why an erasure leaves it standing';
create index audit_log_by_event on app.audit_log (tenant_id, event, sequence desc);
create index audit_log_by_actor on app.audit_log (tenant_id, actor_id, sequence desc);
create index audit_log_by_time on app.audit_log (tenant_id, occurred_at);
call directory.make_tenant_table('app.audit_log', 'select, insert');

-- The newest entry of each chain. Its row lock puts a tenant's writers one behind the other.
create table directory.audit_heads (
    tenant_id uuid primary key,
    sequence bigint not null default 0,
    hash bytea not null default decode(repeat('00', 32), 'hex')
);

-- What is hashed: compact JSON, keys in byte order, times in UTC with six decimals (RFC 8785 for what the checks above admit).
create function directory.audit_text(entry app.audit_log) returns text
    language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select format(
        '{"actor_id":%s,"details":{%s},"event":%s,"occurred_at":%s,"sequence":%s,"subject":%s,"tenant_id":%s}',
        coalesce(to_json(entry.actor_id)::text, 'null'),
        (
            select string_agg(to_json(key)::text || ':' || value::text, ',' order by key collate "C")
            from jsonb_each(entry.details)
        ),
        to_json(entry.event),
        to_json(to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
        entry.sequence,
        to_json(entry.subject),
        to_json(entry.tenant_id)
    )
$$;

create function directory.chain_audit_entry() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    head directory.audit_heads;
begin
    if new.tenant_id is distinct from app.tid() then
        raise exception 'an audit entry belongs to the tenant of its transaction' using errcode = 'insufficient_privilege';
    end if;
    insert into directory.audit_heads (tenant_id) values (new.tenant_id) on conflict do nothing;
    select * into strict head from directory.audit_heads where tenant_id = new.tenant_id for update;
    new.sequence := head.sequence + 1;
    new.hash := sha256(head.hash || convert_to(directory.audit_text(new), 'UTF8'));
    update directory.audit_heads set sequence = new.sequence, hash = new.hash where tenant_id = new.tenant_id;
    return new;
end
$$;
revoke execute on function directory.audit_text(app.audit_log), directory.chain_audit_entry() from public;
create trigger chain before insert on app.audit_log for each row execute function directory.chain_audit_entry();

-- The head of the tenant's own chain, for the verifier; no row before the first entry.
create function app.own_audit_head() returns table (sequence bigint, hash bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select h.sequence, h.hash from directory.audit_heads h where h.tenant_id = app.tid()
$$;

-- Whose a refresh token is, live or not: a logout is entered in that tenant's chain.
create function app.session_owner(token bytea) returns table (tenant_id uuid, user_id uuid, family_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.tenant_id, s.user_id, s.family_id from directory.sessions s where s.token_hash = token
$$;

-- Our own tenant: what concerns no tenant, or none that may be named, is entered in its chain.
create function app.house_tenant() returns uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id from directory.tenants where is_house
$$;

revoke execute on function app.own_audit_head(), app.session_owner(bytea), app.house_tenant() from public;
grant execute on function app.own_audit_head(), app.session_owner(bytea), app.house_tenant() to app;
