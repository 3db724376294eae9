-- Take several amounts from a tenant's buckets, all of them or none. A bucket fills again with time; an amount
-- larger than the bucket needs a full one and leaves a debt, so the rate holds for batches of any size. What
-- went through is also counted in windows of time, the present one and the one before.
-- KEYS  the tenant's buckets
-- ARGV  now ms, nonce of this call, then for each amount: name, amount, burst, tokens a ms, window ms
-- Returns {0, 0}, or {number from 1 of the first bucket that has not enough, for how many ms}.
local now, kept, levels = tonumber(ARGV[1]), 0, {}
if redis.call('HGET', KEYS[1], 'last') == ARGV[2] then return {0, 0} end -- the connection repeats calls
for at = 3, #ARGV, 5 do
  local name, amount, burst, rate = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local bucket = redis.call('HMGET', KEYS[1], name .. ':level', name .. ':at')
  local level = tonumber(bucket[1]) or burst
  level = math.min(burst, level + math.max(0, now - (tonumber(bucket[2]) or now)) * rate)
  local lacking = math.min(amount, burst) - level
  if burst == 0 then return {(at + 2) / 5, tonumber(ARGV[at + 4])} end
  if lacking > 0 then return {(at + 2) / 5, math.ceil(lacking / rate)} end
  levels[at] = level - amount
  kept = math.max(kept, math.ceil((burst - levels[at]) / rate), 2 * ARGV[at + 4])
end
for at, level in pairs(levels) do
  local name, window = ARGV[at], math.floor(now / ARGV[at + 4])
  local found = redis.call('HMGET', KEYS[1], name .. ':window', name .. ':now')
  local counted, spent = tonumber(found[1]), tonumber(found[2]) or 0
  if counted ~= window then
    redis.call('HSET', KEYS[1], name .. ':window', window, name .. ':before', counted == window - 1 and spent or 0)
    spent = 0
  end
  redis.call('HSET', KEYS[1], name .. ':level', level, name .. ':at', now, name .. ':now', spent + ARGV[at + 1])
end
redis.call('HSET', KEYS[1], 'last', ARGV[2])
if redis.call('PTTL', KEYS[1]) < kept then redis.call('PEXPIRE', KEYS[1], kept) end -- a debt is not forgotten
return {0, 0}
