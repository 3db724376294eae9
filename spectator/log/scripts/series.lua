-- Admit names of series to a room.
-- KEYS 1 series
-- ARGV 1 most series a room has  2 1 when a new run begins with an empty list  3 and on: names
-- Returns those of the names for which there is no place.
if ARGV[2] == '1' then redis.call('DEL', KEYS[1]) end
local free, refused = ARGV[1] - redis.call('SCARD', KEYS[1]), {}
for index = 3, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[index]) == 0 then
    if free > 0 then
      redis.call('SADD', KEYS[1], ARGV[index])
      free = free - 1
    else
      refused[#refused + 1] = ARGV[index]
    end
  end
end
return refused
