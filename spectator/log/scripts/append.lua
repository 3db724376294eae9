-- Append the events of one POST, all or none, and ring; a POST that comes again is answered as it was.
-- KEYS 1 room  2 head  3 log  4 producers  5 waiting  6 crowd  7 here
-- ARGV 1 now ms  2 tag  3 number of events  4 events  5 producer or ''  6 sequence  7 middle of the answer
--      8 the run's status after these events or ''  9 index of the event that began a run or -1  10 its id or ''
--      11 bell  12 most bytes after the checkpoint  13 most producers  14 generation or ''  15 claim or ''
-- Returns {'ok', offset, answer, bytes and events after the checkpoint}, {'repeat', offset, answer}, {'old', offset},
--      {'gap', last sequence}, or why not: {'unknown'} {'closed'} {'expired'} {'rotated'} {'displaced'} {'busy'}
local now, count, producer = tonumber(ARGV[1]), tonumber(ARGV[3]), ARGV[5]
local why = refusal(KEYS[1], now, ARGV[14], ARGV[15]); if why then return {why} end
local found = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'tag', 'bytes', 'run_status', 'recent', 'ckpt_seq')
if not found[2] then -- nothing was published; or the head was lost, and the numbers go on from the newest entry
  local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  if newest then found[2], found[3] = newest[1]:match('^%d+'), newest[2][4] end
end
local first, bytes, run = tonumber(found[2] or 0) + 1, tonumber(found[4] or 0), found[5] or ''
local done = producer == '' and (found[6] or ''):match(ARGV[2] .. '=(%d+) ') -- the connection repeats calls
local earlier = producer ~= '' and repeated(KEYS[4], producer, tonumber(ARGV[6]))
if earlier then return earlier end
if count > 0 and bytes > tonumber(ARGV[12]) then return {'busy'} end
local status = ARGV[8] ~= '' and ARGV[8] or (run == '' and count > 0 and 'active') or run
local offset = tonumber(done or first + count - 1)
if count > 0 and not done then
  redis.call('XADD', KEYS[3], string.format('%.0f-0', offset), 'at', now, 'tag', ARGV[2], 'previous', found[3] or '',
    'events', ARGV[4])
  if not found[1] then redis.call('HSET', KEYS[2], 'epoch', now, 'first', first) end
  redis.call('HSET', KEYS[2], 'seq', offset, 'tag', ARGV[2], 'last_event_at', now, 'run_status', status)
  local recent = string.format('%s=%.0f %s', ARGV[2], offset, found[6] or ''):sub(1, 1000)
  if producer == '' then redis.call('HSET', KEYS[2], 'recent', recent) end
  local began = tonumber(ARGV[9])
  if began >= 0 or run == '' then
    redis.call('HSET', KEYS[2], 'run_id', ARGV[10] ~= '' and ARGV[10] or 'run-' .. first + math.max(began, 0))
  end
  bytes = redis.call('HINCRBY', KEYS[2], 'bytes', #ARGV[4])
  redis.call('HINCRBY', KEYS[2], 'kept', #ARGV[4])
  redis.call('SPUBLISH', ARGV[11], 'log')
end
touch(KEYS[1], KEYS[2], now, status)
local answer = string.format('{"offset":%.0f', offset) .. ARGV[7] .. crowd(KEYS[6], KEYS[7], KEYS[5], now)
if producer ~= '' then remember(KEYS[4], producer, tonumber(ARGV[6]), offset, now, answer, tonumber(ARGV[13])) end
return {'ok', offset, answer, bytes, offset - (tonumber(found[7]) or 0)}
