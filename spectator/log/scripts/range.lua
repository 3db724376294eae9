-- Shared by the operations that read entries; no operation by itself.

-- The entries after an event, oldest first, until they hold `most` bytes of events; 1 with it when there are more.
local function range(log, after, most)
  local found, size, start = {}, 0, '(' .. after .. '-0'
  repeat
    local part = redis.call('XRANGE', log, start, '+', 'COUNT', 8)
    for _, entry in ipairs(part) do
      if size >= most then return found, 1 end
      found[#found + 1], size = entry, size + #entry[2][8]
    end
    start = #part > 0 and '(' .. part[#part][1]
  until #part < 8
  return found, 0
end

-- The head's fields, in the order of FIELDS in head.py.
local function fields(head)
  return redis.call('HMGET', head, 'epoch', 'seq', 'tag', 'first', 'seen_at', 'last_event_at', 'run_id', 'run_status',
    'bytes', 'ckpt_seq', 'ckpt_tag')
end
