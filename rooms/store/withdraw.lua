-- Take a waiting request back: it leaves no trace.
-- KEYS  requests, waiting, askers, asked, bell
-- ARGV  now ms, request id, person
-- Returns 1 when it waited and is gone, 0 when it did not wait.
local id, person = ARGV[2], ARGV[3]
local ends = redis.call('ZSCORE', KEYS[2], id)
if not ends or tonumber(ends) <= tonumber(ARGV[1]) then return 0 end
redis.call('HDEL', KEYS[1], id)
redis.call('ZREM', KEYS[2], id)
redis.call('HDEL', KEYS[3], person)
redis.call('ZREM', KEYS[4], id)
redis.call('SPUBLISH', KEYS[5], 'access')
return 1
