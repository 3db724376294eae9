-- Put a person on the room's list of the blocked and out of the room, and bar the address for a while.
-- KEYS  room, members, seats, here, arrived, ties, parted, parting, blocked, barred, requests, waiting, askers,
--       bell
-- ARGV  now ms, version that was read, new version, new document, person, member row as it was read ('' for none),
--       row of the blocked, row of why, remembered until ms, hash of the address ('' for none), barred until ms,
--       waiting request as it was read ('' for none), row of that request once denied
-- Returns 'gone', 'over', 'changed' (read it again) or 'ok' (a repeat too).
local room, person = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'version'), ARGV[5]
if not room[1] then return 'gone' end
if room[3] == ARGV[3] then return 'ok' end
if room[1] == 'ended' or tonumber(room[2]) <= tonumber(ARGV[1]) then return 'over' end
if room[3] ~= ARGV[2] or (redis.call('HGET', KEYS[2], person) or '') ~= ARGV[6] then return 'changed' end
local asked = redis.call('HGET', KEYS[13], person)
local ends = asked and redis.call('ZSCORE', KEYS[12], asked)
if not ends or tonumber(ends) <= tonumber(ARGV[1]) then asked = '' end
if asked ~= ARGV[12] then return 'changed' end
if asked ~= '' then
  redis.call('HSET', KEYS[11], asked, ARGV[13])
  redis.call('ZREM', KEYS[12], asked)
  redis.call('HDEL', KEYS[13], person)
end
redis.call('HDEL', KEYS[2], person)
for _, key in ipairs({KEYS[3], KEYS[4], KEYS[5]}) do redis.call('ZREM', key, person) end
redis.call('HDEL', KEYS[6], person)
redis.call('HSET', KEYS[7], person, ARGV[8])
redis.call('ZADD', KEYS[8], ARGV[9], person)
redis.call('HSET', KEYS[9], person, ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[10], '-inf', ARGV[1])
if ARGV[10] ~= '' then redis.call('ZADD', KEYS[10], ARGV[11], ARGV[10]) end
redis.call('HSET', KEYS[1], 'doc', ARGV[4], 'version', ARGV[3], 'revision', ARGV[3])
redis.call('SPUBLISH', KEYS[14], 'access')
return 'ok'
