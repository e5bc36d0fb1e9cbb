-- squawk-ignore-file ban-drop-function
-- (app.open_tenant has had no caller since tenants are opened by app.provision)
drop function app.open_tenant(text, text, text, integer);

-- Partners ---------------------------------------------------------------------------------------------------------------

create function directory.sub_tenants(partner uuid) returns table (id uuid, name text, status text)
    language sql stable set search_path = ''
as $$
    select t.id, t.name, t.status from directory.tenants t where t.parent_id = partner order by t.id
$$;

-- What is below a tenant, for those who may change it. Holds the tenant's row, so that no sub-tenant is added meanwhile.
create function app.platform_sub_tenants(actor uuid, tenant uuid) returns table (id uuid, name text, status text)
    language plpgsql security definer set search_path = ''
as $$
begin
    perform directory.require_platform(actor, 'MASTER', 'PARTNER');
    if directory.platform_role_of(actor) = 'PARTNER' and tenant not in (select directory.partner_tenants(actor)) then
        return;
    end if;
    perform 1 from directory.tenants t where t.id = tenant for update;
    return query select * from directory.sub_tenants(tenant);
end
$$;
revoke execute on function app.platform_sub_tenants(uuid, uuid) from public;
grant execute on function app.platform_sub_tenants(uuid, uuid) to app;

-- The limit is judged in the transaction that adds a sub-tenant, with the partner's row held from before: of several added at
-- once, those that fit stay. Judged later, each would count all the others, and none might stay.
create function directory.hold_partner() returns trigger
    language plpgsql set search_path = ''
as $$
begin
    perform 1 from directory.tenants t where t.id = new.parent_id for update;
    return new;
end
$$;
create trigger hold_partner before insert on directory.tenants
    for each row when (new.parent_id is not null) execute function directory.hold_partner();

create function directory.keep_partner_limit() returns trigger
    language plpgsql set search_path = ''
as $$
begin
    perform directory.check_partner_limit(new.parent_id);
    return null;
end
$$;
-- Triggers fire by name: after `subscribe`, which writes the plan's number of accounts.
create trigger within_partner_limit after insert on directory.tenants
    for each row when (new.parent_id is not null) execute function directory.keep_partner_limit();

-- Erasure: only as owner -------------------------------------------------------------------------------------------------

-- A restored copy may hold a partner and its sub-tenants again: whoever is below another goes first.
create function directory.erasure_order(gone uuid[]) returns setof uuid
    language sql stable set search_path = ''
as $$
    select one from unnest(gone) as one left join directory.tenants t on t.id = one
    order by t.parent_id is null, one
$$;

-- Provisioning -----------------------------------------------------------------------------------------------------------

-- As before, and the id of an erased tenant is never used again: the next restore would erase whoever has it.
create or replace function app.begin_provisioning(document jsonb, moment timestamptz)
    returns table (wanted jsonb, status text, steps text[])
    language plpgsql security definer set search_path = ''
as $$
declare
    run directory.provisioning_runs;
    is_new boolean;
begin
    if exists (select from directory.tombstones s where s.tenant_id = app.tid())
        or exists (select from directory.tenants t where t.id = app.tid())
        and not exists (select from directory.provisioning_runs r where r.tenant_id = app.tid()) then
        raise exception 'a tenant of this id is there already' using errcode = 'unique_violation', constraint = 'tenants_pkey';
    end if;
    insert into directory.provisioning_runs (tenant_id, wanted, created_at, updated_at)
    values (app.tid(), document, moment, moment)
    on conflict (tenant_id) do nothing;
    is_new := found;
    select * into run from directory.provisioning_runs r where r.tenant_id = app.tid() for update;
    if not is_new and run.status = 'running' and run.updated_at > moment - interval '1 minute' then
        return;
    end if;
    if not is_new and run.status <> 'done' then
        update directory.provisioning_runs r
        set status = 'running', attempts = r.attempts + 1, updated_at = moment,
            wanted = case when r.status = 'undone' then document else r.wanted end
        where r.tenant_id = app.tid()
        returning * into run;
    end if;
    return query
        select run.wanted, run.status,
            array(select s.step from directory.provisioning_steps s where s.tenant_id = app.tid());
end
$$;

-- As before, and the run keeps no name or address of a tenant that is not there: no erasure would ever find them.
create or replace function app.undo_provisioning(reason text) returns void
    language plpgsql security definer set search_path = ''
as $$
begin
    perform 1 from directory.provisioning_runs r where r.tenant_id = app.tid() and r.status <> 'done' for update;
    if not found then
        return;
    end if;
    if exists (select from directory.tenants t where t.id = app.tid() and t.status <> 'PROVISIONING') then
        return;
    end if;
    update directory.users u set default_tenant_id = null where u.default_tenant_id = app.tid();
    delete from directory.users u
    where u.id in (select m.user_id from directory.memberships m where m.tenant_id = app.tid())
        and u.platform_role is null
        and not exists (select from directory.memberships m where m.user_id = u.id and m.tenant_id <> app.tid());
    delete from directory.memberships where tenant_id = app.tid();
    delete from directory.tenants where id = app.tid();
    delete from directory.provisioning_steps where tenant_id = app.tid();
    update directory.provisioning_runs set status = 'undone', error = left(reason, 200), wanted = '{}', updated_at = now()
    where tenant_id = app.tid();
end
$$;
update directory.provisioning_runs set wanted = '{}' where status = 'undone';

-- Hosts ------------------------------------------------------------------------------------------------------------------

-- A host of a tenant's own is recorded here; it serves pages once its certificate is issued and its name leads to us.
alter table directory.tenants add column host_status text check (host_status in ('pending', 'active', 'failed'));
comment on column directory.tenants.host_status is 'null where there is no host';
update directory.tenants set host_status = 'pending' where host is not null;

create function directory.host_recorded() returns trigger
    language plpgsql set search_path = ''
as $$
begin
    new.host_status := case when new.host is not null then 'pending' end;
    return new;
end
$$;
create trigger record_host_first before insert on directory.tenants
    for each row when (new.host is not null) execute function directory.host_recorded();
create trigger record_host_again before update of host on directory.tenants
    for each row when (old.host is distinct from new.host) execute function directory.host_recorded();
