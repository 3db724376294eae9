-- Write a new room that vanishes by itself unless it is confirmed (PERSIST) once its indexes stand.
-- KEYS  room
-- ARGV  time to live ms, nonce of this creation, field, value, ...
-- Returns 1 when the room is this creation's (a repeat too), 0 when there is another one under the id.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HGET', KEYS[1], 'made_by') == ARGV[2] and 1 or 0
end
redis.call('HSET', KEYS[1], 'made_by', ARGV[2], unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
