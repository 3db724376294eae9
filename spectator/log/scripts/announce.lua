-- Tell what the viewers of a room on one node want, and how many of them are keys, not people; it counts for 15 s.
-- People are counted by their ties, each once on however many nodes (see rooms/store/renew.lua).
-- KEYS 1 crowd
-- ARGV 1 now ms  2 node  3 keys  4 frames a second  5 frames  6 decisions  7 episodes (the last three 0 or 1)
-- Returns how many keys watch on all nodes together.
local now, wanted = tonumber(ARGV[1]), table.concat(ARGV, ' ', 3)
if wanted == '0 0 0 0 0' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f %s', now + 15000, wanted))
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
