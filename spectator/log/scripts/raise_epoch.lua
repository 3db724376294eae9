-- Raise the epoch, unless somebody did.
-- KEYS 1 head
-- ARGV 1 the epoch it has  2 the epoch to come  3 bell
-- Returns the epoch it has now.
local epoch = redis.call('HGET', KEYS[1], 'epoch') or '0'
if epoch == ARGV[1] then
  epoch = ARGV[2]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('SPUBLISH', ARGV[3], 'log')
end
return tonumber(epoch)
