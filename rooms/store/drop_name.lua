-- Give a name (a code, a room's name) back, if it still leads to this room.
-- KEYS  the name's key
-- ARGV  room id
-- Returns 1 when the name was given back, else 0.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
