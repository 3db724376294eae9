-- Renew a member's seat; a lapsed one is taken again only if the room has one.
-- KEYS  room, members, seats
-- ARGV  now ms, person, end of the lease ms
-- Returns 1 when the person may stay, 0 when not a member, the room is over, or the seat was lost.
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'max')
local now, person = tonumber(ARGV[1]), ARGV[2]
if not room[1] or room[1] == 'ended' or tonumber(room[2]) <= now then return 0 end
local row = redis.call('HGET', KEYS[2], person)
if not row then return 0 end
if cjson.decode(row).role == 'moderator' then return 1 end
local lease = redis.call('ZSCORE', KEYS[3], person)
if (not lease or tonumber(lease) <= now)
  and redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf') >= tonumber(room[3]) then
  return 0
end
redis.call('ZADD', KEYS[3], 'GT', ARGV[3], person)
return 1
