-- Remove a room, whatever it holds; whoever watches is told to look.
-- KEYS  bell, every key of the room...
-- ARGV  none
-- Returns how many keys there were.
local gone = redis.call('UNLINK', unpack(KEYS, 2))
redis.call('SPUBLISH', KEYS[1], 'access')
return gone
