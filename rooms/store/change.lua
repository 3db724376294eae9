-- Change a room if it is still as it was read; whoever watches is told.
-- KEYS  room, bell
-- ARGV  now ms, version that was read, new version, field, value, ...
-- Returns 'gone', 'over', 'changed' (read it again) or 'ok' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'version')
if not room[1] then return 'gone' end
if room[3] == ARGV[3] then return 'ok' end
if room[1] == 'ended' or tonumber(room[2]) <= tonumber(ARGV[1]) then return 'over' end
if room[3] ~= ARGV[2] then return 'changed' end
redis.call('HSET', KEYS[1], 'version', ARGV[3], unpack(ARGV, 4))
redis.call('SPUBLISH', KEYS[2], 'access')
return 'ok'
