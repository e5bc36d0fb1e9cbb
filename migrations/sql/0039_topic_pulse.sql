-- When each topic was last heard, for the whole application: Mercado Livre switches a topic off without a word, and stores nothing
-- of that time. Written at most once a minute and topic, so that workers do not queue for one row.
create table directory.topic_pulse (
    topic text primary key check (char_length(topic) between 1 and 100),
    heard_at timestamptz not null
);

create function app.hear_topics(topics text[], moment timestamptz) returns void
    language sql security definer set search_path = ''
as $$
    insert into directory.topic_pulse as held (topic, heard_at)
    select distinct t, moment from unnest(topics) t order by t
    on conflict (topic) do update set heard_at = excluded.heard_at
    where held.heard_at < excluded.heard_at - interval '1 minute';
$$;

create function app.topic_pulse() returns table (topic text, heard_at timestamptz)
    language sql stable security definer set search_path = ''
as $$
    select p.topic, p.heard_at from directory.topic_pulse p order by p.topic;
$$;

revoke execute on function app.hear_topics(text[], timestamptz), app.topic_pulse() from public;
grant execute on function app.hear_topics(text[], timestamptz), app.topic_pulse() to app;
