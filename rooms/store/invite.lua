-- Write a new invitation; when the room has as many as it may, those worth nothing any more go first.
-- KEYS  room, invitations, invited
-- ARGV  now ms, id, row, how many a room may have
-- Returns 'gone', 'over', 'many' or 'ok' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at')
if not room[1] then return 'gone' end
local now, most = tonumber(ARGV[1]), tonumber(ARGV[4])
if room[1] == 'ended' or tonumber(room[2]) <= now then return 'over' end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 'ok' end
if redis.call('HLEN', KEYS[2]) >= most then
  local rows = redis.call('HGETALL', KEYS[2])
  for index = 1, #rows, 2 do
    local one = cjson.decode(rows[index + 1])
    local used = tonumber(redis.call('HGET', KEYS[3], rows[index]) or 0)
    if one.withdrawn or one.expires_at <= now or used >= one.uses then
      redis.call('HDEL', KEYS[2], rows[index])
      redis.call('HDEL', KEYS[3], rows[index])
    end
  end
  if redis.call('HLEN', KEYS[2]) >= most then return 'many' end
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 'ok'
