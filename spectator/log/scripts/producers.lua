-- Shared by the operations of a publisher; no operation by itself. A producer's row: sequence, offset, time, answer.

-- Say how this sequence relates to the last one stored: a reply to give back at once, or nil when it comes next.
local function repeated(producers, producer, sequence)
  local row = redis.call('HGET', producers, producer)
  local last, offset, answer = 0, 0, ''
  if row then last, offset, answer = row:match('^(%d+) (%d+) %d+ (.*)$') end
  last = tonumber(last)
  if sequence > last + 1 then return {'gap', last} end
  if sequence == last then return {'repeat', tonumber(offset), answer} end
  if sequence < last then return {'old', tonumber(offset)} end
end

-- Keep the answer for a repeat. Beyond `most` producers the half that was silent longest is forgotten.
local function remember(producers, producer, sequence, offset, now, answer, most)
  redis.call('HSET', producers, producer, string.format('%.0f %.0f %.0f %s', sequence, offset, now, answer))
  if redis.call('HLEN', producers) <= most then return end
  local rows, all = {}, redis.call('HGETALL', producers)
  for index = 1, #all, 2 do
    rows[#rows + 1] = {tonumber(all[index + 1]:match('^%d+ %d+ (%d+)')), all[index]}
  end
  table.sort(rows, function(one, other) return one[1] < other[1] end)
  for index = 1, math.floor(most / 2) do
    if rows[index][2] ~= producer then redis.call('HDEL', producers, rows[index][2]) end
  end
end
