-- A person's last connection to a node has ended: unless another node has the person, the seat is free and the
-- person is not here any more. The membership stays.
-- KEYS  seats, here, arrived, ties
-- ARGV  now ms, person, node, end of the lease ms and of the presence ms as this node set them last
-- Returns 1 when the person is gone, 0 when this node renewed since or another has the person.
local now, person, ties = tonumber(ARGV[1]), ARGV[2], {}
for node, till, lag in (redis.call('HGET', KEYS[4], person) or ''):gmatch('(%S+) (%d+) (%d+)') do
  if node == ARGV[3] then
    if till ~= ARGV[5] then return 0 end
  elseif tonumber(till) > now then
    ties[#ties + 1] = string.format('%s %s %s', node, till, lag)
  end
end
if #ties > 0 then
  redis.call('HSET', KEYS[4], person, table.concat(ties, ' '))
  return 0
end
redis.call('HDEL', KEYS[4], person)
redis.call('ZREM', KEYS[2], person)
redis.call('ZREM', KEYS[3], person)
local lease = redis.call('ZSCORE', KEYS[1], person)
if lease and tonumber(lease) == tonumber(ARGV[4]) then redis.call('ZADD', KEYS[1], ARGV[1], person) end
return 1
