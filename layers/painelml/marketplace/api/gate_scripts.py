"""The gate's two scripts: one call asks to pass, another tells what came of it where something must be remembered.

A hash for each (application, endpoint class), one for the application as a whole, a number for each seller, and the sellers
that had to wait lately. All keys share the application's hash tag. Times are µs of the server's clock, which a double holds
exactly.
"""

from __future__ import annotations

from painelml.core.scripts import Script

_NOW = """
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local parts = redis.call('TIME')
  return tonumber(parts[1]) * 1000000 + tonumber(parts[2])
end
local function number(key, field) return tonumber(redis.call('HGET', key, field) or '0') end
local function text(value) return string.format('%.0f', value) end
"""

_RATE = """
-- What a 429 took away comes back with time: `recovery` of the whole rate each second.
local function factor_of(key, now, recovery)
  local factor = tonumber(redis.call('HGET', key, 'factor') or '1')
  if factor >= 1 then return 1 end
  return math.min(1, factor + recovery * (now - number(key, 'factor_at')) / 1000000)
end
"""

# KEYS: class, application, seller, sellers that wait, and those that wait with work that can.
# ARGV: now ('' = the server's), interval and tolerance of the class, interval and tolerance of the application, seller ('0' =
# nobody's), background (0 or 1), its share, recovery a second, how long a probe may take, how long a seller counts as waiting,
# how long failures are counted together, keys' life in ms.
# Answers {passed, µs to wait, probe: 0 none, 1 of the class, 2 of the application, 3 of both, why: '', 'limit', 'circuit'}.
ASK = Script(
    _NOW
    + _RATE
    + """
local now = clock(ARGV[1])
local seller, background, share = ARGV[6], ARGV[7] == '1', tonumber(ARGV[8])
local lease, waits, window, life = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[13]

local probe, closed_for = 0, 0
for place = 1, 2 do
  local key = KEYS[place]
  local open_until = number(key, 'open_until')
  if open_until > now then
    closed_for = math.max(closed_for, open_until - now)
  elseif open_until > 0 then
    if number(key, 'probing_until') > now then closed_for = math.max(closed_for, 1000000) else probe = probe + place end
  end
end
closed_for = math.max(closed_for, number(KEYS[1], 'paused_until') - now)
if closed_for > 0 then return {0, text(closed_for), 0, 'circuit'} end

local factor = factor_of(KEYS[1], now, tonumber(ARGV[9]))
local lanes, longest = {}, 0
local function lane(key, field, tat, interval, tolerance, holds)
  local base = math.max(tat, now)
  if holds then longest = math.max(longest, base + interval - now - math.max(tolerance, interval)) end
  lanes[#lanes + 1] = {key, field, base + interval}
end
for place = 1, 2 do
  local key = KEYS[place]
  local interval = math.ceil(tonumber(ARGV[place * 2]) / (place == 1 and factor or 1))
  local tolerance = tonumber(ARGV[place * 2 + 1])
  -- Work that can wait leaves a part of every burst alone, and has a lane of its own at its share of the rate.
  lane(key, 'tat', number(key, 'tat'), interval, background and tolerance * share or tolerance, true)
  if background then lane(key, 'background', number(key, 'background'), interval / share, tolerance * share, true) end
end
if seller ~= '0' then
  -- Who waits with work that can wait does not narrow the way of those whose work cannot.
  local others = 0
  for place = 4, background and 5 or 4 do
    redis.call('ZREMRANGEBYSCORE', KEYS[place], '-inf', text(now - waits))
    others = others + redis.call('ZCARD', KEYS[place]) - (redis.call('ZSCORE', KEYS[place], seller) and 1 or 0)
  end
  local interval = math.ceil(tonumber(ARGV[2]) / factor) * (1 + others)
  lane(KEYS[3], '', tonumber(redis.call('GET', KEYS[3]) or '0'), interval, tonumber(ARGV[3]) / (1 + others), others > 0)
end
if longest > 0 then
  if seller ~= '0' then
    local waiting = KEYS[background and 5 or 4]
    redis.call('ZADD', waiting, text(now), seller)
    redis.call('PEXPIRE', waiting, life)
  end
  return {0, text(longest), 0, 'limit'}
end

for _, one in ipairs(lanes) do
  if one[2] == '' then
    redis.call('SET', one[1], text(one[3]), 'PX', math.max(1, math.ceil((one[3] - now) / 1000)))
  else
    redis.call('HSET', one[1], one[2], text(one[3]))
  end
end
for place = 1, 2 do
  if probe == place or probe == 3 then redis.call('HSET', KEYS[place], 'probing_until', text(now + lease)) end
  redis.call('PEXPIRE', KEYS[place], life)
end
if now - number(KEYS[1], 'counted_from') > window then
  redis.call('HSET', KEYS[1], 'counted_from', text(now), 'passed', 0, 'failed', 0)
end
redis.call('HINCRBY', KEYS[1], 'passed', 1)
return {1, '0', probe, ''}
"""
)

# KEYS: class, application. ARGV: now, outcome ('answered', 'failure', 'throttled', 'blocked'), probe as above, µs that were
# asked for by Retry-After, first and longest time that a circuit stays open, by how much that varies (a factor), the class's
# tolerance, recovery, how often the rate is cut at most, least factor, failures that open, time for a blocked application,
# keys' life in ms. Answers {circuit opened: 0 or 1, rate cut: 0 or 1}.
TELL = Script(
    _NOW
    + _RATE
    + """
local now, outcome, probe = clock(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local retry_after, first, most, varied = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local opened, cut = 0, 0
local function open(key, period)
  redis.call('HSET', key, 'open_until', text(now + period * varied), 'open_for', text(period))
  redis.call('HDEL', key, 'probing_until', 'passed', 'failed', 'counted_from')
  opened = 1
end
if outcome == 'answered' then
  for place = 1, 2 do
    if probe == place or probe == 3 then
      redis.call('HDEL', KEYS[place], 'open_until', 'open_for', 'probing_until', 'blocked')
    end
  end
  return {0, 0}
end
if outcome == 'blocked' then
  open(KEYS[2], tonumber(ARGV[13]))
  redis.call('HSET', KEYS[2], 'blocked', 1)
  redis.call('PEXPIRE', KEYS[2], ARGV[14])
  return {1, 0}
end
if outcome == 'throttled' then
  if now - number(KEYS[1], 'cut_at') >= tonumber(ARGV[10]) then
    local factor = math.max(tonumber(ARGV[11]), factor_of(KEYS[1], now, tonumber(ARGV[9])) / 2)
    redis.call('HSET', KEYS[1], 'factor', tostring(factor), 'factor_at', text(now), 'cut_at', text(now))
    cut = 1
  end
  -- The burst that was saved up is gone: what comes next comes at the lowered rate.
  redis.call('HSET', KEYS[1], 'tat', text(math.max(number(KEYS[1], 'tat'), now + tonumber(ARGV[8]))))
  if retry_after > 0 then
    redis.call('HSET', KEYS[1], 'paused_until', text(math.max(number(KEYS[1], 'paused_until'), now + retry_after)))
  end
end
if probe > 0 then
  for place = 1, 2 do
    if probe == place or probe == 3 then open(KEYS[place], math.min(most, number(KEYS[place], 'open_for') * 2)) end
  end
elseif number(KEYS[1], 'open_until') == 0 then
  local failed = redis.call('HINCRBY', KEYS[1], 'failed', 1)
  if failed >= tonumber(ARGV[12]) and failed * 2 >= number(KEYS[1], 'passed') then open(KEYS[1], first) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[14])
redis.call('PEXPIRE', KEYS[2], ARGV[14])
return {opened, cut}
"""
)
