-- Make a link for an owner good for a while; links whose time is over are forgotten.
-- KEYS  room, claims
-- ARGV  now ms, claim, end of its time ms
-- Returns 1, or 0 when there is no such room.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local rows = redis.call('HGETALL', KEYS[2])
for index = 1, #rows, 2 do
  if tonumber(rows[index + 1]:match('^%d+')) <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[2], rows[index]) end
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3] - ARGV[1])
return 1
