-- Append a batch to a tenant's audit, once however often it is sent, and let go of what is old or too much.
-- KEYS  doings, visits, addresses, batches
-- ARGV  node, number of the batch (each node counts its own), entries kept of each sort, oldest entry kept (ms),
--       how long the keys stay (ms), addresses kept, now ms, then for each entry: 'd' (doing) or 'v' (visit),
--       its mark (written only if the mark is new among the addresses) or '', its row
-- Returns how many were written; -1 for a batch that was written before. The places of both streams are of one
-- order: ':ms' and ':n' among the batches are those of the newest entry.
local before = redis.call('HMGET', KEYS[4], ARGV[1], ':ms', ':n')
if before[1] and tonumber(before[1]) >= tonumber(ARGV[2]) then return -1 end
local now, ms, n, written = tonumber(ARGV[7]), tonumber(before[2]) or 0, tonumber(before[3]) or 0, 0
if now > ms then ms, n = now, 0 end
for at = 8, #ARGV, 3 do
  local mark = ARGV[at + 1]
  if mark == '' or redis.call('ZADD', KEYS[3], now, mark) == 1 then
    local place = string.format('%.0f-%.0f', ms, n + 1)
    redis.call('XADD', ARGV[at] == 'd' and KEYS[1] or KEYS[2], 'MAXLEN', ARGV[3], place, 'e', ARGV[at + 2])
    n, written = n + 1, written + 1
  end
end
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[4])
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[4])
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -tonumber(ARGV[6]) - 1)
redis.call('HSET', KEYS[4], ARGV[1], ARGV[2], ':ms', string.format('%.0f', ms), ':n', string.format('%.0f', n))
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[5]) end
return written
