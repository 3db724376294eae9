-- End a room for everybody; what it holds is kept for a while and then forgotten by the store itself.
-- KEYS  room, bell, every other key of the room...
-- ARGV  now ms, 'closed' or 'expired' (then only if its time is over), kept ms, nonce
-- Returns 'gone', 'active' (its time is not over) or 'ended' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at')
if not room[1] then return 'gone' end
if room[1] == 'ended' then return 'ended' end
local reason, over = ARGV[2], tonumber(room[2]) <= tonumber(ARGV[1])
if reason == 'expired' and not over then return 'active' end
if over then reason = 'expired' end
redis.call('HSET', KEYS[1], 'status', 'ended', 'end_reason', reason, 'ended_at', ARGV[1],
  'publisher_until', '0', 'revision', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
for index = 3, #KEYS do redis.call('PEXPIRE', KEYS[index], ARGV[3]) end
redis.call('SPUBLISH', KEYS[2], 'access')
return 'ended'
