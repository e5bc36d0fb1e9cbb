-- The catalogue against the isolation rules: one row for each finding, none when all is sound. Reads catalogues only, so anyone may
-- run it; `operations` does after each migration. Every table of schema app is a tenant table.
with
-- The SECURITY DEFINER functions that app may call. A new one is a decision: name it here, in the migration that grants it.
allowed (function) as (values
    ('app.accept_invitation(bytea, uuid, text, text, timestamp with time zone)'),
    ('app.account_of(uuid)'),
    ('app.add_api_key(uuid, uuid, text, text, bytea, text[], integer, timestamp with time zone, timestamp with time zone)'),
    ('app.add_member(uuid, text, text, text, text)'),
    ('app.api_keys(uuid, uuid, integer)'),
    ('app.arm_invitation(uuid, bytea, timestamp with time zone)'),
    ('app.begin_provisioning(jsonb, timestamp with time zone)'),
    ('app.begin_totp(uuid, bytea)'),
    ('app.brand_of_host(text)'),
    ('app.catalogue(text)'),
    ('app.change_member(uuid, text, text, boolean)'),
    ('app.change_own_brand(jsonb)'),
    ('app.change_password(uuid, text, text, uuid, timestamp with time zone)'),
    ('app.claim_seller(bigint, text, uuid)'),
    ('app.confirm_totp(uuid, bytea, bigint, bytea[], timestamp with time zone)'),
    ('app.count_agents()'),
    ('app.due_accounts(text, timestamp with time zone, timestamp with time zone, uuid, uuid, integer)'),
    ('app.end_own_session(uuid, uuid, timestamp with time zone)'),
    ('app.end_own_sessions(uuid, timestamp with time zone)'),
    ('app.end_session(bytea, timestamp with time zone)'),
    ('app.end_totp(uuid)'),
    ('app.export_directory()'),
    ('app.feed_readers()'),
    ('app.file_provider_event(uuid, text, text, text, boolean, text, jsonb, timestamp with time zone, timestamp with time zone)'),
    ('app.file_rejections(jsonb)'),
    ('app.find_api_key(bytea, timestamp with time zone)'),
    ('app.find_login(text)'),
    ('app.hear_topics(text[], timestamp with time zone)'),
    ('app.hold_owners()'),
    ('app.hold_subscription()'),
    ('app.house_tenant()'),
    ('app.invitations(uuid, uuid, timestamp with time zone, integer)'),
    ('app.invite(uuid, text, text, uuid, timestamp with time zone, timestamp with time zone)'),
    ('app.is_active_member(uuid)'),
    ('app.is_erased()'),
    ('app.issue_email_token(uuid, text, bytea, timestamp with time zone, timestamp with time zone)'),
    ('app.issue_reset_token(text, bytea, timestamp with time zone, timestamp with time zone)'),
    ('app.keep_oauth_state(bytea, bytea, bytea, uuid, text, timestamp with time zone)'),
    ('app.mark_dispatched(text, uuid[], uuid[], timestamp with time zone)'),
    ('app.members(uuid, uuid, integer)'),
    ('app.memberships(uuid)'),
    ('app.move_session(uuid, uuid, uuid, bytea, bytea, timestamp with time zone, interval, interval, boolean)'),
    ('app.own_audit_head()'),
    ('app.own_brand()'),
    ('app.own_limits()'),
    ('app.own_provisioning()'),
    ('app.own_sessions(uuid, timestamp with time zone)'),
    ('app.own_subscription()'),
    ('app.own_subscription_items()'),
    ('app.own_tenant()'),
    ('app.partner_of(uuid)'),
    ('app.platform_agree_limit(uuid, text, bigint)'),
    ('app.platform_change_tenant(uuid, uuid, text, text, text, text, text, integer)'),
    ('app.platform_provisioning(uuid, uuid)'),
    ('app.platform_set_item(uuid, text, text)'),
    ('app.platform_set_terms(uuid, text, text, boolean, text)'),
    ('app.platform_sub_tenants(uuid, uuid)'),
    ('app.platform_tenants(uuid, text, uuid, uuid, integer)'),
    ('app.provision(text, jsonb)'),
    ('app.provisioning_failed(text)'),
    ('app.prune_account_tokens(timestamp with time zone, integer)'),
    ('app.prune_provider_events(timestamp with time zone, integer)'),
    ('app.prune_rejections(timestamp with time zone, integer)'),
    ('app.prune_sessions(timestamp with time zone, integer)'),
    ('app.read_invitation(bytea, timestamp with time zone)'),
    ('app.read_oauth_state(bytea)'),
    ('app.read_reset_token(bytea, timestamp with time zone)'),
    ('app.release_seller(uuid)'),
    ('app.rename_own_tenant(text, text)'),
    ('app.replace_password_hash(uuid, text, text)'),
    ('app.reset_password(bytea, text, timestamp with time zone)'),
    ('app.revoke_api_key(uuid, timestamp with time zone)'),
    ('app.revoke_invitation(uuid, timestamp with time zone)'),
    ('app.rotate_session(bytea, bytea, uuid, bytea, timestamp with time zone, interval, interval, interval)'),
    ('app.route_sellers(bigint[])'),
    ('app.schedule_account(uuid, text, timestamp with time zone, interval)'),
    ('app.sellers_after(bigint, integer)'),
    ('app.session_owner(bytea)'),
    ('app.settle_agents(bigint)'),
    ('app.silo_of(uuid)'),
    ('app.standing(uuid)'),
    ('app.start_session(uuid, uuid, bytea, bytea, timestamp with time zone, interval)'),
    ('app.tenant_ids(uuid, integer)'),
    ('app.topic_pulse()'),
    ('app.undo_provisioning(text)'),
    ('app.unfinished_tenant(text, timestamp with time zone)'),
    ('app.unschedule_account(uuid)'),
    ('app.use_oauth_state(bytea, timestamp with time zone)'),
    ('app.use_recovery_code(uuid, bytea)'),
    ('app.use_totp_step(uuid, bigint)'),
    ('app.verify_email(bytea, timestamp with time zone)'),
    ('app.visitor_standing(uuid, uuid)'),
    ('app.way_in_of(uuid)')
),
relations as (
    select c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, c.relowner, n.nspname,
        format('%I.%I', n.nspname, c.relname) as name,
        (select a.attnum from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as tenant_column
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
),
tenant_tables as (
    select * from relations where nspname = 'app' and relkind in ('r', 'p')
),
partitions as (
    select r.* from pg_inherits i
    join relations r on r.oid = i.inhrelid
    join tenant_tables parent on parent.oid = i.inhparent
),
policies as (
    select t.oid, t.name, p.polname, p.polpermissive, p.polcmd, p.polroles,
        pg_get_expr(p.polqual, p.polrelid) as using_text, pg_get_expr(p.polwithcheck, p.polrelid) as check_text
    from pg_policy p join (select oid, name from tenant_tables union select oid, name from partitions) t on t.oid = p.polrelid
),
indexed_columns as (
    select t.oid, t.name, i.indexrelid::regclass::text as index, key.place, a.attname, y.typtype, y.typname, a.attnum
    from tenant_tables t
    join pg_index i on i.indrelid = t.oid
    cross join lateral unnest(i.indkey::smallint[]) with ordinality as key (attnum, place)
    left join pg_attribute a on a.attrelid = t.oid and a.attnum = key.attnum
    left join pg_type y on y.oid = a.atttypid
),
foreign_keys as (
    select t.name, c.conname,
        exists (
            select from unnest(c.conkey, c.confkey) as pair (here, there)
            join pg_attribute b on b.attrelid = c.confrelid and b.attnum = pair.there
            where pair.here = t.tenant_column
                and (b.attname = 'tenant_id' or (c.confrelid = to_regclass('directory.tenants') and b.attname = 'id'))
        ) as carries_tenant
    from pg_constraint c join tenant_tables t on t.oid = c.conrelid
    where c.contype = 'f'
),
definers as (
    select format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as name,
        coalesce(array_to_string(p.proconfig, ' '), '') ~ 'search_path=' as is_fixed
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and has_function_privilege('app', p.oid, 'execute')
)
select 'rls_off' as check, name as object, 'row-level security is not both enabled and forced' as why
from tenant_tables where not (relrowsecurity and relforcerowsecurity)
union all
select 'no_policy', t.name, 'no policy, so nobody sees a row; make it with directory.make_tenant_table'
from tenant_tables t where not exists (select from policies p where p.oid = t.oid)
union all
select 'policy_differs', p.name, format('policy %s is not the one policy: %s', p.polname, coalesce(p.using_text, 'no USING'))
from policies p
where not p.polpermissive or p.polcmd <> '*' or p.polroles <> '{0}'
    or p.using_text is distinct from p.check_text
    or replace(p.using_text, 'app.tid()', 'tid()') is distinct from '(tenant_id = ( SELECT tid() AS tid))'
union all
select 'tenant_id_nullable', t.name, 'tenant_id is missing, or may be null, or is not a uuid'
from tenant_tables t
where not exists (
    select from pg_attribute a where a.attrelid = t.oid and a.attnum = t.tenant_column and a.attnotnull and a.atttypid = 'uuid'::regtype
)
union all
select 'partition_uncovered', name, 'a partition needs its own enabled and forced policy, and no grant to app'
from partitions p
where not (relrowsecurity and relforcerowsecurity)
    or not exists (select from policies q where q.oid = p.oid)
    or has_table_privilege('app', p.oid, 'select, insert, update, delete')
union all
select 'view_not_invoker', name, 'the view runs as its owner; make it with (security_invoker = true)'
from relations where relkind = 'v' and not coalesce(reloptions, '{}') && '{security_invoker=true,security_invoker=on}'
union all
select 'matview_granted', name, 'a materialized view has no row-level security; app must not read it'
from relations where relkind = 'm' and has_table_privilege('app', oid, 'select')
union all
select 'definer_not_allowed', name, 'app may execute this SECURITY DEFINER function, which is not on the list'
from definers where name not in (select function from allowed)
union all
select 'definer_search_path', name, 'a SECURITY DEFINER function needs a fixed search_path'
from definers where not is_fixed
union all
select 'index_not_led_by_tenant', name, format('index %s does not begin with tenant_id', index)
from indexed_columns where place = 1 and attname is distinct from 'tenant_id'
union all
select 'foreign_key_without_tenant', name, format('foreign key %s does not carry tenant_id to the same tenant', conname)
from foreign_keys where not carries_tenant
union all
select 'enum_in_index', name, format('%s.%s is an enum, whose = is not leakproof; use text and a check', index, attname)
from indexed_columns where typtype = 'e'
union all
select 'numeric_in_index', name, format('%s.%s is numeric, whose comparison is not leakproof; use bigint', index, attname)
from indexed_columns where typname = 'numeric'
union all
select 'app_is_powerful', r.rolname, 'app must be no superuser, bypass no policy, make no roles, and be no member of owner'
from pg_roles r
where r.rolname = 'app'
    and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or pg_has_role('app', 'owner', 'member'))
union all
select 'app_owns', name, 'app must own nothing: an owner can switch policies off'
from relations where relowner = (select oid from pg_roles where rolname = 'app')
union all
select 'dangerous_grant', name, 'app holds TRUNCATE, REFERENCES or TRIGGER, which row-level security does not judge'
from relations where relkind in ('r', 'p') and has_table_privilege('app', oid, 'truncate, references, trigger')
union all
select 'directory_readable', name, 'app can reach a directory table without a function'
from relations
where nspname = 'directory' and relkind in ('r', 'p', 'v', 'm')
    and has_any_column_privilege('app', oid, 'select, insert, update, references')
union all
select 'directory_readable', 'schema directory', 'app has usage of the schema'
where has_schema_privilege('app', 'directory', 'usage')
order by 1, 2, 3
