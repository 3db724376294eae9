-- Answer a waiting request with no; the person may ask again after a while.
-- KEYS  room, requests, waiting, askers, refused, bell
-- ARGV  now ms, request id, person, request row once denied, refused until ms
-- Returns {'settled', row} (waits no longer) or {'ok', row}.
local id, person = ARGV[2], ARGV[3]
local ends = redis.call('ZSCORE', KEYS[3], id)
if not ends or tonumber(ends) <= tonumber(ARGV[1]) then
  return {'settled', redis.call('HGET', KEYS[2], id)}
end
redis.call('HSET', KEYS[2], id, ARGV[4])
redis.call('ZREM', KEYS[3], id)
redis.call('HDEL', KEYS[4], person)
redis.call('ZADD', KEYS[5], ARGV[5], person)
redis.call('SPUBLISH', KEYS[6], 'access')
return {'ok', ARGV[4]}
