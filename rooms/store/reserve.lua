-- Take a place in a set of limited size; places whose time is over are given back first.
-- KEYS  sorted set: holder, end of its time in ms
-- ARGV  now ms, holder, end of its time ms, places, when the set may be forgotten in ms from now (none: never)
-- Returns 1 when the holder has a place (a repeat too), 0 when all are taken.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if not redis.call('ZSCORE', KEYS[1], ARGV[2]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
  return 0
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
if ARGV[5] then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
return 1
