-- Forget what time has overtaken in a room: requests nobody answered, rows long settled, members long gone, who
-- was put out long ago, addresses no longer barred.
-- KEYS  room, waiting, requests, askers, asked, members, seats, refused, parted, parting, barred, bell
-- ARGV  now ms, members without a seat since before this ms go, how many at once, nonce
-- Returns {} for no room, else {status, expires at ms, end of the next wait ms or '', ms to live or -1}.
local room = redis.call('HMGET', KEYS[1], 'status', 'expires_at')
if not room[1] then return {} end
local now, most, changed = ARGV[1], ARGV[3], false
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
  local row = redis.call('HGET', KEYS[3], id)
  local person = row and cjson.decode(row).person
  if person and redis.call('HGET', KEYS[4], person) == id then redis.call('HDEL', KEYS[4], person) end
  redis.call('ZREM', KEYS[2], id)
  changed = true
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[5], '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
  redis.call('HDEL', KEYS[3], id)
  redis.call('ZREM', KEYS[5], id)
end
for _, person in ipairs(redis.call('ZRANGE', KEYS[7], '-inf', ARGV[2], 'BYSCORE', 'LIMIT', 0, most)) do
  redis.call('HDEL', KEYS[6], person)
  redis.call('ZREM', KEYS[7], person)
  changed = true
end
for _, person in ipairs(redis.call('ZRANGE', KEYS[10], '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
  redis.call('HDEL', KEYS[9], person)
  redis.call('ZREM', KEYS[10], person)
end
redis.call('ZREMRANGEBYSCORE', KEYS[8], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[11], '-inf', now)
if changed then
  redis.call('HSET', KEYS[1], 'revision', ARGV[4])
  redis.call('SPUBLISH', KEYS[12], 'access')
end
local nearest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return {room[1], room[2], nearest[2] or '', redis.call('PTTL', KEYS[1])}
