-- Write an invitation's row anew (it was withdrawn), if it is still there.
-- KEYS  invitations
-- ARGV  id, row
-- Returns 1, or 0 when it is gone.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
