-- Store a checkpoint, if its writer still has the right and the log still holds the place it stands at.
-- KEYS 1 head  2 checkpoint  3 log
-- ARGV 1 token  2 seq  3 tag  4 checkpoint  5 bytes it covers beyond the one before
-- Returns 1, or 0 when nothing was written.
local head = redis.call('HMGET', KEYS[1], 'lease', 'bytes', 'ckpt_seq', 'ckpt_by')
if head[4] == ARGV[1] then return 1 end -- the connection repeats calls
if head[1] ~= ARGV[1] or (tonumber(head[3]) or 0) >= tonumber(ARGV[2]) then return 0 end
local entry = redis.call('XRANGE', KEYS[3], ARGV[2] .. '-0', ARGV[2] .. '-0')[1]
if not entry or entry[2][4] ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[1], 'ckpt_seq', ARGV[2], 'ckpt_tag', ARGV[3], 'ckpt_by', ARGV[1],
  'bytes', math.max(0, head[2] - ARGV[5]))
redis.call('HDEL', KEYS[1], 'lease', 'lease_until')
return 1
