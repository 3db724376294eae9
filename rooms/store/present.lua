-- Read how many people are in a room, on whatever nodes, and who of them has been here longest.
-- Who lapsed (the node was killed, the network broke) is forgotten by the way, so many at once.
-- KEYS  here, arrived, ties
-- ARGV  now ms, people named at most, forgotten at most
-- Returns {how many, {person, ...}}.
local now = ARGV[1]
local gone = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3])
if #gone > 0 then
  redis.call('ZREM', KEYS[1], unpack(gone))
  redis.call('ZREM', KEYS[2], unpack(gone))
  redis.call('HDEL', KEYS[3], unpack(gone))
end
local count, named = redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf'), {}
local first = redis.call('ZRANGE', KEYS[2], 0, tonumber(ARGV[2]) - 1)
if #first > 0 then
  for index, till in ipairs(redis.call('ZMSCORE', KEYS[1], unpack(first))) do
    if till and tonumber(till) > tonumber(now) then named[#named + 1] = first[index] end
  end
end
return {count, named}
