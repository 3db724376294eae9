-- Tell which tenants are halted, as a script, so that it travels in one pipeline with others.
-- KEYS  halted
-- ARGV  none
-- Returns the tenants that are suspended or being deleted.
return redis.call('HKEYS', KEYS[1])
