-- Tell how many watch a room on one node, and what they want; it counts for 15 s.
-- KEYS 1 crowd
-- ARGV 1 now ms  2 node  3 watching  4 frames a second  5 frames  6 decisions  7 episodes (the last three 0 or 1)
-- Returns how many watch on all nodes together.
local now = tonumber(ARGV[1])
if ARGV[3] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f %s', now + 15000, table.concat(ARGV, ' ', 3)))
end
redis.call('PEXPIRE', KEYS[1], 60000)
local rows, watching = redis.call('HGETALL', KEYS[1]), 0
for index = 1, #rows, 2 do
  local till, count = rows[index + 1]:match('(%d+) (%d+)')
  if tonumber(till) > now then
    watching = watching + count
  else
    redis.call('HDEL', KEYS[1], rows[index])
  end
end
return watching
