-- End a membership because the owner wants it so: the row goes, and with it the grant and the seat; why is
-- remembered for a while, and for a while the person may not come back.
-- KEYS  room, members, seats, here, arrived, ties, refused, parted, parting, bell
-- ARGV  now ms, person, row as it was read, row of why, remembered until ms, refused until ms ('' for not at all),
--       mark of this write, how many are remembered at most
-- Returns 'changed' (read it again) or 'ok' (a repeat too).
local now, person, mark = ARGV[1], ARGV[2], ARGV[7]
local before = redis.call('HGET', KEYS[8], person)
if before and cjson.decode(before).mark == mark then return 'ok' end
if redis.call('HGET', KEYS[2], person) ~= ARGV[3] then return 'changed' end
redis.call('HDEL', KEYS[2], person)
for _, key in ipairs({KEYS[3], KEYS[4], KEYS[5]}) do redis.call('ZREM', key, person) end
redis.call('HDEL', KEYS[6], person)
if ARGV[6] ~= '' then redis.call('ZADD', KEYS[7], 'GT', ARGV[6], person) end
redis.call('HSET', KEYS[8], person, ARGV[4])
redis.call('ZADD', KEYS[9], ARGV[5], person)
local over = redis.call('ZRANGE', KEYS[9], '-inf', now, 'BYSCORE')
local many = redis.call('ZCARD', KEYS[9]) - tonumber(ARGV[8])
if many > 0 then over = redis.call('ZRANGE', KEYS[9], 0, many - 1) end
for _, other in ipairs(over) do
  redis.call('HDEL', KEYS[8], other)
  redis.call('ZREM', KEYS[9], other)
end
redis.call('HSET', KEYS[1], 'revision', mark)
redis.call('SPUBLISH', KEYS[10], 'access')
return 'ok'
