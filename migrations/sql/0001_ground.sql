-- app: tenant tables under FORCE RLS, and the functions that the role app may call.
-- directory: what must be read before a tenant is known. app cannot read it; allow-listed SECURITY DEFINER functions can.
create schema app;
create schema directory;
grant usage on schema app to app;

alter default privileges in schema app revoke execute on functions from public;
alter default privileges in schema directory revoke execute on functions from public;

-- nullif: after a transaction-local setting ends, the variable reads '' on that connection, and ''::uuid raises.
create function app.tid() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.tenant_id', true), '')::uuid;

-- The only way into a tenant, and the first statement of every transaction. A stored function, because a top-level
-- set_config() pins an RDS Proxy connection; transaction-local, because a session outlives the request.
create function app.enter_tenant(tenant uuid) returns void
    language plpgsql
as $$
begin
    if tenant is null then
        raise exception 'app.enter_tenant: no tenant given' using errcode = 'null_value_not_allowed';
    end if;
    if app.tid() is not null and app.tid() <> tenant then
        raise exception 'app.enter_tenant: this transaction is already inside another tenant'
            using errcode = 'insufficient_privilege';
    end if;
    perform set_config('app.tenant_id', tenant::text, true);
end
$$;

grant execute on function app.tid(), app.enter_tenant(uuid) to app;

-- Makes a table a tenant table: RLS enabled and forced, the one policy, and the rights of app. Called by migrations only.
create procedure directory.make_tenant_table(tenant_table regclass, rights text default 'select, insert, update, delete')
    language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', tenant_table);
    execute format('alter table %s force row level security', tenant_table);
    execute format(
        'create policy tenant on %s using (tenant_id = (select app.tid())) with check (tenant_id = (select app.tid()))',
        tenant_table
    );
    execute format('grant %s on %s to app', rights, tenant_table);
end
$$;
revoke execute on procedure directory.make_tenant_table(regclass, text) from public;
