-- What the outside told us is kept for a while and then forgotten, some rows at a time; each returns how many went.
create function app.prune_rejections(before timestamptz, page integer) returns integer
    language sql security definer set search_path = ''
as $$
    with gone as (
        delete from directory.webhook_rejections
        where id in (
            select id from directory.webhook_rejections where received_at < before order by received_at limit page
        )
        returning 1
    )
    select count(*)::integer from gone;
$$;

create function app.prune_provider_events(before timestamptz, page integer) returns integer
    language sql security definer set search_path = ''
as $$
    with gone as (
        delete from directory.provider_events
        where id in (
            select id from directory.provider_events where received_at < before order by received_at limit page
        )
        returning 1
    )
    select count(*)::integer from gone;
$$;

revoke execute on function
    app.prune_rejections(timestamptz, integer), app.prune_provider_events(timestamptz, integer) from public;
grant execute on function
    app.prune_rejections(timestamptz, integer), app.prune_provider_events(timestamptz, integer) to app;
