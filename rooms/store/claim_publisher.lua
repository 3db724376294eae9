-- Claim a room for a publisher that is about to start, unless another one is alive.
-- KEYS  room
-- ARGV  now ms, end of the claim ms, nonce of whoever claims
-- Returns 'gone', 'over', 'live' (another publisher) or 'yours' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'publisher_until', 'claimed_by')
if not room[1] then return 'gone' end
local now = tonumber(ARGV[1])
if room[1] == 'ended' or tonumber(room[2]) <= now then return 'over' end
if (tonumber(room[3]) or 0) > now and room[4] ~= ARGV[3] then return 'live' end
redis.call('HSET', KEYS[1], 'publisher_until', ARGV[2], 'claimed_by', ARGV[3])
return 'yours'
