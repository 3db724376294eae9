-- Let a room live longer: a fixed end moves, and so does the time it may stay silent.
-- KEYS  room, bell
-- ARGV  now ms, more ms, nonce of this extension, latest end ms
-- Returns 'gone', 'over' or 'ok' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'absolute_at', 'idle_ms', 'extended_by')
if not room[1] then return 'gone' end
if room[5] == ARGV[3] then return 'ok' end
if room[1] == 'ended' or tonumber(room[2]) <= tonumber(ARGV[1]) then return 'over' end
local more, latest = tonumber(ARGV[2]), tonumber(ARGV[4])
local function later(value) return string.format('%.0f', math.min(tonumber(value) + more, latest)) end
redis.call('HSET', KEYS[1], 'expires_at', later(room[2]), 'extended_by', ARGV[3])
if room[3] ~= '' then redis.call('HSET', KEYS[1], 'absolute_at', later(room[3])) end
if room[4] ~= '' then
  redis.call('HSET', KEYS[1], 'idle_ms', string.format('%.0f', tonumber(room[4]) + more))
end
redis.call('SPUBLISH', KEYS[2], 'access')
return 'ok'
