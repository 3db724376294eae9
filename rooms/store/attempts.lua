-- A bucket of tokens that fills again with time: failures, newcomers, creations, what a tenant publishes.
-- KEYS  bucket
-- ARGV  now ms, burst, tokens a ms, cost (0 only looks), nonce, how far it may go into debt. With a debt whoever
--       finds a token takes the whole cost, so that many at once pay as much as one after the other, and what is
--       already done is charged however little is left. Without one (0) the cost is taken whole or not at all.
-- Returns {for how many ms the bucket is used up (0: it is not), whether the cost was taken, whole tokens left}.
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at', 'last')
local now, burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local cost, debt = tonumber(ARGV[4]), tonumber(ARGV[6])
local level = tonumber(bucket[1]) or burst
level = math.min(burst, level + math.max(0, now - (tonumber(bucket[2]) or now)) * rate)
local wanted, taken = math.max(1, debt > 0 and 1 or cost), bucket[3] == ARGV[5]
if cost > 0 and not taken and (debt > 0 or level >= cost) then
  level, taken = math.max(level - cost, -debt), true
  redis.call('HSET', KEYS[1], 'level', level, 'at', now, 'last', ARGV[5])
  redis.call('PEXPIRE', KEYS[1], math.ceil((burst + debt) / rate))
end
local left = level >= wanted and 0 or math.ceil((wanted - level) / rate)
return {left, taken and 1 or 0, math.floor(level)}
