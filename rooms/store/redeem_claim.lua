-- Use up a claim, once.
-- KEYS  claim
-- ARGV  nonce of this use
-- Returns 1 for the first use (a repeat of it too), 0 when it was used, is too old or never was.
local claim = redis.call('GET', KEYS[1])
if claim == ARGV[1] then return 1 end
if claim ~= 'new' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
return 1
