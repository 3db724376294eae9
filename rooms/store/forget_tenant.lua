-- Remove the last of a tenant that is being deleted, when everything else of it is gone.
-- KEYS  tenants, halted
-- ARGV  tenant
-- Returns 1 when there was something to remove, else 0.
if redis.call('HGET', KEYS[2], ARGV[1]) ~= 'deleting' then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
