-- Compare a node's signing secrets with those of the nodes before it, and write them down.
-- KEYS  hash: fingerprint, last used ms
-- ARGV  now ms, forget those not used since ms, fingerprint, ...
-- Returns 1 when they share one or this is the first node, 0 when not (nothing is written then).
local known = redis.call('HGETALL', KEYS[1])
local shared = #known == 0
for index = 3, #ARGV do
  shared = shared or redis.call('HEXISTS', KEYS[1], ARGV[index]) == 1
end
if not shared then return 0 end
for index = 1, #known, 2 do
  if tonumber(known[index + 1]) < tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], known[index]) end
end
for index = 3, #ARGV do redis.call('HSET', KEYS[1], ARGV[index], ARGV[1]) end
return 1
