-- Count a person who found the room full; the owner is told. Counted are persons, so repeats count once.
-- KEYS  room, turned, bell
-- ARGV  person
-- Returns how many were turned away so far.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('PFADD', KEYS[2], ARGV[1])
local turned = redis.call('PFCOUNT', KEYS[2])
redis.call('HSET', KEYS[1], 'turned_away', turned)
redis.call('SPUBLISH', KEYS[3], 'access')
return turned
