-- Take a request back that waits, or waited until its time was over: it leaves no trace.
-- KEYS  requests, waiting, askers, asked, bell
-- ARGV  request id, person
-- Returns 1 when nobody had answered it and it is gone, else 0.
local id, person = ARGV[1], ARGV[2]
if redis.call('ZREM', KEYS[2], id) == 0 then return 0 end
redis.call('HDEL', KEYS[1], id)
if redis.call('HGET', KEYS[3], person) == id then redis.call('HDEL', KEYS[3], person) end
redis.call('ZREM', KEYS[4], id)
redis.call('SPUBLISH', KEYS[5], 'access')
return 1
