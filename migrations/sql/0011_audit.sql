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

-- Whose a session is that is still going on: its end is entered in that tenant's chain.
create function app.session_owner(token bytea) returns table (tenant_id uuid, user_id uuid, family_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.tenant_id, s.user_id, s.family_id
    from directory.sessions s
    where s.token_hash = token
        and exists (select from directory.sessions l where l.family_id = s.family_id and l.rotated_at is null and l.revoked_at is null)
$$;

-- Our own tenant: what concerns no tenant, or none that may be named, is entered in its chain.
create function app.house_tenant() returns uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id from directory.tenants where is_house
$$;

revoke execute on function app.own_audit_head(), app.session_owner(bytea), app.house_tenant() from public;
grant execute on function app.own_audit_head(), app.session_owner(bytea), app.house_tenant() to app;

-- A tenant's own copy of its data --------------------------------------------------------------------------------------------

-- `part` counts the files that are written, and fences messages as sync_runs.page does. `table_name` and `place` say where the next
-- file goes on; `files` what each holds.
create table app.exports (
    tenant_id uuid not null,
    id uuid not null,
    requested_by uuid not null,
    status text not null default 'running' check (status in ('running', 'done', 'expired')),
    part integer not null default 0 check (part >= 0),
    table_name text not null,
    place jsonb,
    files jsonb not null default '[]',
    manifest_sha256 text check (manifest_sha256 ~ '^[0-9a-f]{64}$'),
    requested_at timestamptz not null,
    finished_at timestamptz,
    primary key (tenant_id, id)
);
create unique index exports_one_running on app.exports (tenant_id) where status = 'running';
call directory.make_tenant_table('app.exports');

-- Every tenant table there is, from the catalogue: one that is new cannot be forgotten. What is sealed or hashed is withheld.
create function app.tenant_tables() returns table (name text, key_columns text[], key_types text[], withheld text[])
    language sql stable set search_path = pg_catalog, pg_temp
as $$
    select c.relname::text, key.columns, key.types, coalesce(secret.columns, '{}')
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'app'
    cross join lateral (
        select coalesce(array_agg(a.attname::text order by k.place), '{}') as columns,
            coalesce(array_agg(format_type(a.atttypid, a.atttypmod) order by k.place), '{}') as types
        from pg_index i
        cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary and a.attname <> 'tenant_id'
    ) key
    cross join lateral (
        select array_agg(a.attname::text order by a.attnum) as columns
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid = 'bytea'::regtype and c.relname <> 'audit_log'
    ) secret
    where c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname collate "C"
$$;

-- A page of one of these tables in the order of its key, as JSON; `place` is the key of the row. Runs as its caller, so that
-- row-level security judges it too.
create function app.export_rows(of_table text, after jsonb, page_size integer) returns table (place jsonb, line jsonb)
    language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    told record;
    keys text;
    given text;
begin
    select * into told from app.tenant_tables() t where t.name = of_table;
    if told.name is null then
        raise exception 'there is no tenant table %', of_table using errcode = 'undefined_table';
    end if;
    select string_agg(format('t.%I', k.name), ', ' order by k.place),
        string_agg(format('($2 ->> %s)::%s', k.place - 1, k.type), ', ' order by k.place)
    into keys, given
    from unnest(told.key_columns, told.key_types) with ordinality as k (name, type, place);
    if keys is null then
        keys := 't.tenant_id';
        given := '($2 ->> 0)::uuid';
    end if;
    return query execute format(
        'select jsonb_build_array(%1$s), to_jsonb(t) - $3 from app.%2$I t
         where t.tenant_id = $1 and ($2 is null or (%1$s) > (%3$s)) order by %1$s limit $4',
        keys, of_table, given
    ) using app.tid(), after, told.withheld, page_size;
end
$$;

-- What the directory holds about the tenant and the people in it, without anything to sign in with.
create function app.export_directory() returns table (line jsonb)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select to_jsonb(t) || '{"kind": "tenant"}' from directory.tenant_views t where t.id = app.tid()
    union all
    select to_jsonb(m) || '{"kind": "person"}' from directory.member_views m where m.tenant_id = app.tid()
$$;

-- Erasure: only as owner --------------------------------------------------------------------------------------------------------

-- What every restore of an older copy must do again. `receipt` says what went, with no word of whose it was.
create table directory.tombstones (
    tenant_id uuid primary key,
    erased_at timestamptz not null,
    receipt jsonb not null
);

-- Deletes everything of one tenant, in the order that the foreign keys allow; how many rows of each table went. The audit log
-- stays: it holds ids only, and says who erased. Tables are found in the catalogue: those of schema app, and those of the
-- directory that have a tenant_id.
create function directory.erase_tenant(gone uuid) returns jsonb
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    kept constant regclass[] := array['app.audit_log', 'directory.audit_heads', 'directory.tombstones']::regclass[];
    left_over oid[];
    leaving uuid[];
    target regclass;
    touched bigint;
    counts jsonb := '{}';
begin
    perform app.enter_tenant(gone);
    perform 1 from directory.tenants where id = gone for update;
    select array_agg(c.oid) into left_over
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and c.oid <> all (kept)
        and (n.nspname = 'app' or n.nspname = 'directory' and exists (
            select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
        ));
    select array_agg(m.user_id) into leaving
    from directory.memberships m join directory.users u on u.id = m.user_id and u.platform_role is null
    where m.tenant_id = gone
        and not exists (select from directory.memberships o where o.user_id = m.user_id and o.tenant_id <> gone);
    while cardinality(left_over) > 0 loop
        select c.oid::regclass into target from pg_class c
        where c.oid = any (left_over) and not exists (
            select from pg_constraint k
            where k.contype = 'f' and k.confrelid = c.oid and k.conrelid <> c.oid and k.conrelid = any (left_over)
        )
        order by c.oid::regclass::text collate "C" limit 1;
        if target is null then
            raise exception 'the foreign keys of these tables go round in a circle: %', left_over::regclass[];
        end if;
        execute format('delete from %s where tenant_id = $1', target) using gone;
        get diagnostics touched = row_count;
        counts := counts || jsonb_build_object(target::text, touched);
        left_over := array_remove(left_over, target::oid);
    end loop;
    update directory.users u
    set default_tenant_id = (select min(m.tenant_id::text)::uuid from directory.memberships m where m.user_id = u.id), updated_at = now()
    where u.default_tenant_id = gone;
    delete from directory.users where id = any (leaving);
    get diagnostics touched = row_count;
    counts := counts || jsonb_build_object('directory.users', touched);
    delete from directory.tenants where id = gone;
    get diagnostics touched = row_count;
    return counts || jsonb_build_object('directory.tenants', touched);
end
$$;

-- Whether the tenant of this transaction is gone for good: its queued work is refused.
create function app.is_erased() returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (select from directory.tombstones where tenant_id = app.tid())
$$;

revoke execute on function
    app.tenant_tables(), app.export_rows(text, jsonb, integer), app.export_directory(), app.is_erased(), directory.erase_tenant(uuid)
    from public;
grant execute on function
    app.tenant_tables(), app.export_rows(text, jsonb, integer), app.export_directory(), app.is_erased()
to app;

create function directory.tenant_to_erase(gone uuid) returns table (status text, is_house boolean)
    language sql stable set search_path = pg_catalog, pg_temp
as $$
    select t.status, t.is_house from directory.tenants t where t.id = gone
$$;

create function directory.tombstone_ids() returns setof uuid
    language sql stable set search_path = pg_catalog, pg_temp
as $$
    select tenant_id from directory.tombstones order by tenant_id
$$;
revoke execute on function directory.tenant_to_erase(uuid), directory.tombstone_ids() from public;
