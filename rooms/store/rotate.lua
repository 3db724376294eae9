-- Change a room if it is still as it was read, and end every spectator's membership; moderators stay.
-- KEYS  room, members, seats, here, arrived, ties, bell
-- ARGV  now ms, version that was read, new version, field, value, ...
-- Returns 'gone', 'over', 'changed' (read it again) or 'ok' (a repeat too).
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'version')
if not room[1] then return 'gone' end
if room[3] == ARGV[3] then return 'ok' end
if room[1] == 'ended' or tonumber(room[2]) <= tonumber(ARGV[1]) then return 'over' end
if room[3] ~= ARGV[2] then return 'changed' end
local members = redis.call('HGETALL', KEYS[2])
for index = 1, #members, 2 do
  local person = members[index]
  if cjson.decode(members[index + 1]).role ~= 'moderator' then
    redis.call('HDEL', KEYS[2], person)
    for _, key in ipairs({KEYS[3], KEYS[4], KEYS[5]}) do redis.call('ZREM', key, person) end
    redis.call('HDEL', KEYS[6], person)
  end
end
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'revision', ARGV[3], unpack(ARGV, 4))
redis.call('SPUBLISH', KEYS[7], 'access')
return 'ok'
