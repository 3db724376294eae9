-- Remove what was recorded in a room that has ended; the room itself is known for a while as ended.
-- KEYS  room, bell, every other key of the room...
-- ARGV  ms for which the ended room is still known
-- Returns 'gone', 'active' (it has not ended) or 'ok' (a repeat too).
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'gone' end
if status ~= 'ended' then return 'active' end
redis.call('UNLINK', unpack(KEYS, 3))
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
redis.call('SPUBLISH', KEYS[2], 'access')
return 'ok'
