-- Note how many bytes a room keeps; 0 forgets it. The field without a name is the sum over all rooms.
-- KEYS  bytes by room
-- ARGV  room id, bytes
-- Returns the sum.
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or 0
local size = tonumber(ARGV[2])
if size == 0 then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], size) end
local sum = math.max(0, redis.call('HINCRBY', KEYS[1], '', string.format('%.0f', size - before)))
if sum == 0 and redis.call('HLEN', KEYS[1]) == 1 then redis.call('DEL', KEYS[1]) end
return sum
