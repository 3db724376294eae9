-- A person's last connection to a node has ended: unless another node has the person, the seat is free and the
-- person is not here any more. The membership stays. A lease that this node did not set stays too: the person
-- has joined anew, and is on the way.
-- KEYS  seats, here, arrived, ties
-- ARGV  now ms, person, node, end of the lease ms and of the presence ms as this node set them last
-- Returns 1 when the person is gone, 0 when this node renewed since or another has the person.
local now, person, ties, latest = tonumber(ARGV[1]), ARGV[2], {}, 0
for node, till, lag in (redis.call('HGET', KEYS[4], person) or ''):gmatch('(%S+) (%d+) (%d+)') do
  if node == ARGV[3] then
    if till ~= ARGV[5] then return 0 end
  elseif tonumber(till) > now then
    ties[#ties + 1] = string.format('%s %s %s', node, till, lag)
    latest = math.max(latest, tonumber(till))
  end
end
local lease = redis.call('ZSCORE', KEYS[1], person)
local own = lease and tonumber(lease) == tonumber(ARGV[4])
if latest > 0 then -- what holds from now on is what the other nodes renewed
  redis.call('HSET', KEYS[4], person, table.concat(ties, ' '))
  redis.call('ZADD', KEYS[2], string.format('%.0f', latest), person)
  if own then redis.call('ZADD', KEYS[1], string.format('%.0f', latest + ARGV[4] - ARGV[5]), person) end
  return 0
end
redis.call('HDEL', KEYS[4], person)
redis.call('ZREM', KEYS[2], person)
redis.call('ZREM', KEYS[3], person)
if own then redis.call('ZADD', KEYS[1], ARGV[1], person) end
return 1
