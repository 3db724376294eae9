-- Make whoever waits a member and hold a seat for them, if there is one.
-- KEYS  room, members, seats, requests, waiting, askers, refused, bell
-- ARGV  now ms, request id, person, member row, request row once approved, seat held until ms, nonce
-- Returns {'over'}, {'settled', row} (waits no longer), {'full'} (goes on waiting) or {'ok', row}.
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'max')
local now, id, person = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local ends = redis.call('ZSCORE', KEYS[5], id)
if not ends or tonumber(ends) <= now then return {'settled', redis.call('HGET', KEYS[4], id)} end
if not room[1] or room[1] == 'ended' or tonumber(room[2]) <= now then return {'over'} end
local lease = redis.call('ZSCORE', KEYS[3], person)
if (not lease or tonumber(lease) <= now)
  and redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf') >= tonumber(room[3]) then
  return {'full'}
end
redis.call('HSETNX', KEYS[2], person, ARGV[4])
redis.call('ZADD', KEYS[3], 'GT', ARGV[6], person)
redis.call('HSET', KEYS[4], id, ARGV[5])
redis.call('ZREM', KEYS[5], id)
redis.call('HDEL', KEYS[6], person)
redis.call('ZREM', KEYS[7], person)
redis.call('HSET', KEYS[1], 'revision', ARGV[7])
redis.call('SPUBLISH', KEYS[8], 'access')
return {'ok', ARGV[5]}
