-- Take the right to write the next checkpoint.
-- KEYS 1 head
-- ARGV 1 now ms  2 token  3 ms it lasts  4 bytes after the checkpoint from which one is due  5 events, the same
-- Returns 1, or 0 when none is due or another has the right.
local head = redis.call('HMGET', KEYS[1], 'bytes', 'lease_until', 'lease', 'seq', 'ckpt_seq')
if head[3] == ARGV[2] then return 1 end -- the connection repeats calls
local events = (tonumber(head[4]) or 0) - (tonumber(head[5]) or 0)
if (tonumber(head[1]) or 0) < tonumber(ARGV[4]) and events < tonumber(ARGV[5]) then return 0 end
if (tonumber(head[2]) or 0) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'lease', ARGV[2], 'lease_until', ARGV[1] + ARGV[3])
return 1
