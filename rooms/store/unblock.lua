-- Take a person off the room's list of the blocked, and let the address in again if nobody else barred it.
-- KEYS  room, blocked, barred, parted, parting, bell
-- ARGV  now ms, version that was read, new version, new document, hash of the address ('' for none), person, ...
-- Returns 'gone', 'over', 'changed' (read it again) or 'ok' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'version')
if not room[1] then return 'gone' end
if room[3] == ARGV[3] then return 'ok' end
if room[1] == 'ended' or tonumber(room[2]) <= tonumber(ARGV[1]) then return 'over' end
if room[3] ~= ARGV[2] then return 'changed' end
for index = 6, #ARGV do
  redis.call('HDEL', KEYS[2], ARGV[index])
  redis.call('HDEL', KEYS[4], ARGV[index])
  redis.call('ZREM', KEYS[5], ARGV[index])
end
if ARGV[5] ~= '' then redis.call('ZREM', KEYS[3], ARGV[5]) end
redis.call('HSET', KEYS[1], 'doc', ARGV[4], 'version', ARGV[3], 'revision', ARGV[3])
redis.call('SPUBLISH', KEYS[6], 'access')
return 'ok'
