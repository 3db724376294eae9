-- Take or keep a name (a code, a room's name, an idempotency key) for a value.
-- KEYS  the name's key
-- ARGV  value, time to live ms (0: for good), value that may be replaced ('' for none)
-- Returns {the value that holds the name now, its time to live ms (-1: for good)}.
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[3] then
  return {held, redis.call('PTTL', KEYS[1])}
end
if ARGV[2] == '0' then
  redis.call('SET', KEYS[1], ARGV[1])
  return {ARGV[1], -1}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1], tonumber(ARGV[2])}
