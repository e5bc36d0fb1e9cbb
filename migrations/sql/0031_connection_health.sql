-- What is wrong with a connection that still works, as `reason` or `reason:about` (marketplace/accounts/health.py).
alter table app.ml_accounts
    add column warnings text[] not null default '{}';

-- Every connected seller, a page at a time: what the application's grants are compared with.
create function app.sellers_after(after bigint, page integer)
    returns table (seller_id bigint, tenant_id uuid, account_id uuid)
    language sql stable security definer set search_path = ''
as $$
    select r.seller_id, r.tenant_id, r.account_id
    from directory.seller_routes r
    join directory.tenants t on t.id = r.tenant_id and t.status <> 'CANCELLED'
    where r.seller_id > after
    order by r.seller_id
    limit page;
$$;

revoke execute on function app.sellers_after(bigint, integer) from public;
grant execute on function app.sellers_after(bigint, integer) to app;
