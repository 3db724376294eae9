-- Write a tenant's row anew, if it still is as it was read.
-- KEYS  tenants
-- ARGV  tenant, row that was read, new row
-- Returns 'unknown', 'changed' (read it again) or 'ok' (a repeat too).
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row then return 'unknown' end
if row == ARGV[3] then return 'ok' end
if row ~= ARGV[2] then return 'changed' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 'ok'
