-- Take a person off the room's list of the blocked, and let the address in again if nobody else barred it.
-- KEYS  room, blocked, barred, parted, parting, bell
-- ARGV  now ms, version that was read, new version, new document, person, row that says so, remembered until ms,
--       hash of the address ('' for none)
-- Returns 'gone', 'over', 'changed' (read it again) or 'ok' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'version')
if not room[1] then return 'gone' end
if room[3] == ARGV[3] then return 'ok' end
if room[1] == 'ended' or tonumber(room[2]) <= tonumber(ARGV[1]) then return 'over' end
if room[3] ~= ARGV[2] then return 'changed' end
redis.call('HDEL', KEYS[2], ARGV[5])
redis.call('HSET', KEYS[4], ARGV[5], ARGV[6])
redis.call('ZADD', KEYS[5], ARGV[7], ARGV[5])
if ARGV[8] ~= '' then redis.call('ZREM', KEYS[3], ARGV[8]) end
redis.call('HSET', KEYS[1], 'doc', ARGV[4], 'version', ARGV[3], 'revision', ARGV[3])
redis.call('SPUBLISH', KEYS[6], 'access')
return 'ok'
