-- Shared by the operations of a publisher; no operation by itself.

-- Say why this room takes no events (of this room key, of this claim), or nil.
local function refusal(room, now, generation, claim)
  local found = redis.call('HMGET', room, 'status', 'expires_at', 'end_reason', 'generation', 'claimed_by')
  if not found[1] then return 'unknown' end
  if found[1] == 'ended' then return found[3] == 'expired' and 'expired' or 'closed' end
  if (tonumber(found[2]) or math.huge) <= now then return 'expired' end
  if generation ~= '' and found[4] ~= generation then return 'rotated' end
  if claim ~= '' and found[5] and found[5] ~= claim then return 'displaced' end
end

-- Note that the publisher is alive: for the run, for its claim on the room, for the room's time.
local function touch(room, head, now, status)
  redis.call('HSET', head, 'seen_at', now)
  local over = status == 'finished' or status == 'failed'
  redis.call('HSET', room, 'publisher_until', over and 0 or now + 15000)
  local times = redis.call('HMGET', room, 'idle_ms', 'absolute_at')
  local idle = tonumber(times[1])
  if idle then
    redis.call('HSET', room, 'expires_at', math.min(now + idle, tonumber(times[2]) or math.huge))
  end
end

-- The end of an answer: how many watch on all nodes (people, each once, and keys), who waits, and what they want.
local function crowd(nodes, here, waiting, now)
  local watching, fps, flags = redis.call('ZCOUNT', here, '(' .. now, '+inf'), 0, {false, false, false}
  for _, row in ipairs(redis.call('HVALS', nodes)) do
    local till, count, rate, frames, decisions, episodes = row:match('(%d+) (%d+) (%d+) (%d) (%d) (%d)')
    if tonumber(till) > now then
      watching, fps = watching + count, math.max(fps, rate)
      for index, flag in ipairs({frames, decisions, episodes}) do flags[index] = flags[index] or flag == '1' end
    end
  end
  return string.format(',"watching":%d,"requests":%d,"wants":{"frames":%s,"max_fps":%d,"decisions":%s,"episodes":%s}}',
    watching, redis.call('ZCOUNT', waiting, now, '+inf'), tostring(flags[1]), fps, tostring(flags[2]),
    tostring(flags[3]))
end
