-- End a membership: the row goes, and with it the grant, the seat and the place among those who are here.
-- KEYS  room, members, seats, here, arrived, ties, bell
-- ARGV  person, nonce
-- Returns 1 when there was a row, else 0.
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
redis.call('HDEL', KEYS[6], ARGV[1])
if redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[2])
redis.call('SPUBLISH', KEYS[7], 'access')
return 1
