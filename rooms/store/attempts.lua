-- A budget of failures: a bucket of tokens that fills again with time and may go as far into debt as it is deep,
-- so that many guesses at once cost as much as one after the other.
-- KEYS  bucket
-- ARGV  now ms, burst, tokens a ms, cost (0 only looks), nonce of this failure
-- Returns for how many ms the budget is used up; 0: it is not.
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at', 'last')
local now, burst, rate, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local level = tonumber(bucket[1]) or burst
level = math.min(burst, level + math.max(0, now - (tonumber(bucket[2]) or now)) * rate)
if cost > 0 and bucket[3] ~= ARGV[5] then
  level = math.max(level - cost, -burst)
  redis.call('HSET', KEYS[1], 'level', level, 'at', now, 'last', ARGV[5])
  redis.call('PEXPIRE', KEYS[1], math.ceil(2 * burst / rate))
end
if level >= 1 then return 0 end
return math.ceil((1 - level) / rate)
