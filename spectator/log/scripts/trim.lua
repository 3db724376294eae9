-- Drop entries that the checkpoint covers and that are beyond what is kept, oldest first, up to 1000 of them.
-- KEYS 1 head  2 log
-- ARGV 1 time ms before which entries are too old  2 bytes kept
-- Returns how many were dropped.
local head = redis.call('HMGET', KEYS[1], 'kept', 'ckpt_seq')
local kept, covered = tonumber(head[1]) or 0, tonumber(head[2]) or 0
local dropped, upto, start = 0, nil, '-'
while start and dropped < 1000 do
  local part = redis.call('XRANGE', KEYS[2], start, '+', 'COUNT', 8)
  start = #part == 8 and '(' .. part[8][1]
  for _, entry in ipairs(part) do
    local last = tonumber(entry[1]:match('^%d+'))
    local wanted = kept <= tonumber(ARGV[2]) and tonumber(entry[2][2]) >= tonumber(ARGV[1])
    if wanted or last > covered then
      start = nil
      break
    end
    kept, dropped, upto = kept - #entry[2][8], dropped + 1, last
  end
end
if upto then
  redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', upto + 1))
  redis.call('HSET', KEYS[1], 'kept', kept, 'first', upto + 1)
end
return dropped
