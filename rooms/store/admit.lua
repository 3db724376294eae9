-- Seat a person and write the member row, if everything the decision rested on is still so; the invitation it
-- rested on loses a use with it. A member's row is never paid for twice, so a repeat spends nothing.
-- KEYS  room, members, seats, refused, turned, invitations, invited, bell
-- ARGV  now ms, version that was read, 'member' or 'stranger' (what the decision took the person for), person,
--       new row, end of the lease ms ('' for no seat), nonce, invitation id ('' for none), its row as it was
--       read, its uses
-- Returns {'changed'} (decide again), {'over'}, {'full'} or {'in', row}.
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'version', 'max')
local now, person = tonumber(ARGV[1]), ARGV[4]
if room[3] ~= ARGV[2] then return {'changed'} end
if room[1] == 'ended' or tonumber(room[2]) <= now then return {'over'} end
local row = redis.call('HGET', KEYS[2], person)
if ARGV[3] == 'member' and not row then return {'changed'} end
-- Whoever was made moderator, or is one no more, since the decision: moderators take no seat.
if row and (cjson.decode(row).role == 'moderator') ~= (ARGV[6] == '') then return {'changed'} end
local refused = redis.call('ZSCORE', KEYS[4], person)
if refused and tonumber(refused) > now then return {'changed'} end
local spend = not row and ARGV[8] ~= ''
if spend and (redis.call('HGET', KEYS[6], ARGV[8]) ~= ARGV[9]
  or tonumber(redis.call('HGET', KEYS[7], ARGV[8]) or 0) >= tonumber(ARGV[10])) then return {'changed'} end
if ARGV[6] ~= '' then -- a lease that ends a minute after any made now is of a clock that was set back since
  redis.call('ZREMRANGEBYSCORE', KEYS[3], string.format('(%.0f', ARGV[6] + 60000), '+inf')
  local lease = redis.call('ZSCORE', KEYS[3], person)
  if (not lease or tonumber(lease) <= now)
    and redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf') >= tonumber(room[4]) then
    redis.call('PFADD', KEYS[5], person)
    redis.call('HSET', KEYS[1], 'turned_away', redis.call('PFCOUNT', KEYS[5]))
    redis.call('SPUBLISH', KEYS[8], 'access')
    return {'full'}
  end
  redis.call('ZADD', KEYS[3], 'GT', ARGV[6], person)
end
if not row then
  row = ARGV[5]
  if spend then redis.call('HINCRBY', KEYS[7], ARGV[8], 1) end
  redis.call('HSET', KEYS[2], person, row)
  redis.call('HSET', KEYS[1], 'revision', ARGV[7])
  redis.call('SPUBLISH', KEYS[8], 'access')
end
return {'in', row}
