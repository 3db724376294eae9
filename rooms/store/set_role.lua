-- Give a member another role: a moderator needs no seat, a spectator takes one if there is one.
-- KEYS  room, members, seats, bell
-- ARGV  now ms, person, row as it was read, new row, end of the lease ms ('' for no seat), nonce
-- Returns 'gone', 'over', 'changed' (read it again) or 'ok' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'max')
local person, row = ARGV[2], redis.call('HGET', KEYS[2], ARGV[2])
if not room[1] then return 'gone' end
if row == ARGV[4] then return 'ok' end
if room[1] == 'ended' or tonumber(room[2]) <= tonumber(ARGV[1]) then return 'over' end
if row ~= ARGV[3] then return 'changed' end
redis.call('HSET', KEYS[2], person, ARGV[4])
if ARGV[5] == '' then
  redis.call('ZREM', KEYS[3], person)
elseif redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf') < tonumber(room[3]) then
  redis.call('ZADD', KEYS[3], ARGV[5], person)
else -- without one for now, and forgotten some day like everybody who left theirs
  redis.call('ZADD', KEYS[3], ARGV[1], person)
end
redis.call('HSET', KEYS[1], 'revision', ARGV[6])
redis.call('SPUBLISH', KEYS[4], 'access')
return 'ok'
