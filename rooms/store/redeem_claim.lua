-- Use up a link for an owner, once.
-- KEYS  claims
-- ARGV  now ms, claim, nonce of this use
-- Returns 1 for the first use (a repeat of it too), 0 when it was used, is too old or never was.
local ends, used = (redis.call('HGET', KEYS[1], ARGV[2]) or ''):match('^(%d+) ?(.*)$')
if not ends or tonumber(ends) <= tonumber(ARGV[1]) then return 0 end
if used ~= '' then return used == ARGV[3] and 1 or 0 end
redis.call('HSET', KEYS[1], ARGV[2], ends .. ' ' .. ARGV[3])
return 1
