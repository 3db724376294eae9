-- Let a person wait for the owner's answer; who waits already goes on waiting with the same request.
-- KEYS  room, requests, waiting, askers, asked, refused, members, bell
-- ARGV  now ms, version that was read, person, request id, request row, end of the wait ms, when the row may be
--       forgotten ms, requests that may wait, how this client stands in its rows, how many of those may wait
-- Returns {'changed'} (decide again), {'over'}, {'many'} or {'waits', row}.
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'version')
local now, person, id = tonumber(ARGV[1]), ARGV[3], ARGV[4]
local before = redis.call('HGET', KEYS[4], person)
if before then
  local ends = redis.call('ZSCORE', KEYS[3], before)
  if ends and tonumber(ends) > now then return {'waits', redis.call('HGET', KEYS[2], before)} end
end
if room[3] ~= ARGV[2] or redis.call('HEXISTS', KEYS[7], person) == 1 then return {'changed'} end
if room[1] == 'ended' or tonumber(room[2]) <= now then return {'over'} end
local refused = redis.call('ZSCORE', KEYS[6], person)
if refused and tonumber(refused) > now then return {'changed'} end
local ids = redis.call('ZRANGE', KEYS[3], '(' .. ARGV[1], '+inf', 'BYSCORE')
local same = 0
for _, row in ipairs(#ids > 0 and redis.call('HMGET', KEYS[2], unpack(ids)) or {}) do
  if row and row:find(ARGV[9], 1, true) then same = same + 1 end
end
if #ids >= tonumber(ARGV[8]) or same >= tonumber(ARGV[10]) then return {'many'} end
redis.call('HSET', KEYS[2], id, ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[6], id)
redis.call('HSET', KEYS[4], person, id)
redis.call('ZADD', KEYS[5], ARGV[7], id)
redis.call('SPUBLISH', KEYS[8], 'access')
return {'waits', ARGV[5]}
