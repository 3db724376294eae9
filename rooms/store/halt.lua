-- Suspend a tenant, let it go on, or begin to delete it; what is being deleted stays so.
-- KEYS  tenants, halted
-- ARGV  tenant, 'active', 'suspended' or 'deleting'
-- Returns 'unknown', or what the tenant is now.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 'unknown' end
if redis.call('HGET', KEYS[2], ARGV[1]) == 'deleting' then return 'deleting' end
if ARGV[2] == 'active' then
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
return ARGV[2]
