-- Renew what a live connection holds: the person's seat, and the note that the person is here on this node.
-- A lapsed seat is taken again only if the room has one; who is no member any more is not here either.
-- KEYS  room, members, seats, here, arrived, ties
-- ARGV  now ms, person, end of the lease ms, node, end of the presence ms, lag ms, 'member' or 'owner' (no row)
-- Returns 1 when the person may stay and has a seat, 2 when none is needed (moderators, owners), 0 when not a
-- member, the room is over, or the seat was lost.
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'max')
local now, person, node, stays = tonumber(ARGV[1]), ARGV[2], ARGV[4], 2
if not room[1] or room[1] == 'ended' or tonumber(room[2]) <= now then return 0 end
if ARGV[7] == 'member' then
  local row = redis.call('HGET', KEYS[2], person)
  if not row then
    redis.call('ZREM', KEYS[4], person)
    redis.call('ZREM', KEYS[5], person)
    redis.call('HDEL', KEYS[6], person)
    return 0
  end
  if cjson.decode(row).role ~= 'moderator' then
    -- A lease that ends a minute after any made now is of a clock that was set back since.
    redis.call('ZREMRANGEBYSCORE', KEYS[3], string.format('(%.0f', ARGV[3] + 60000), '+inf')
    local lease = redis.call('ZSCORE', KEYS[3], person)
    if (not lease or tonumber(lease) <= now)
      and redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf') >= tonumber(room[3]) then
      return 0
    end
    redis.call('ZADD', KEYS[3], ARGV[3], person)
    stays = 1
  end
end
local ties = {string.format('%s %s %s', node, ARGV[5], ARGV[6])}
for other, till, lag in (redis.call('HGET', KEYS[6], person) or ''):gmatch('(%S+) (%d+) (%d+)') do
  if other ~= node and tonumber(till) > now then ties[#ties + 1] = string.format('%s %s %s', other, till, lag) end
end
redis.call('HSET', KEYS[6], person, table.concat(ties, ' '))
redis.call('ZADD', KEYS[4], ARGV[5], person)
redis.call('ZADD', KEYS[5], 'NX', now, person)
return stays
