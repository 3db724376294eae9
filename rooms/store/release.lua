-- Give a seat back, unless another node renewed it since; the membership stays.
-- KEYS  seats
-- ARGV  now ms, person, end of the lease as the caller last set it ms
-- Returns 1 when the seat was given back, else 0.
local lease = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not lease or tonumber(lease) ~= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
return 1
