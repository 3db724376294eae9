-- Read an invitation and how often it was used.
-- KEYS  invitations, invited
-- ARGV  id
-- Returns {row or false, uses so far or false}.
return {redis.call('HGET', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[2], ARGV[1])}
