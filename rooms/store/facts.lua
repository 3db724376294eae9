-- Read a room, and what one person is to it, at one moment. A room that is not there takes the same work.
-- KEYS  room, seats, members, refused, askers, waiting, barred
-- ARGV  now ms, version of the document the caller has, person ('' for none), hash of the address ('' for none),
--       names of fields...
-- Returns {} for no room, else {fields, document or false (same version), seats held, address barred until,
--          member row, lease end, refused until, waiting request id, requests waiting}
local now, person = ARGV[1], ARGV[3]
local fields = redis.call('HMGET', KEYS[1], unpack(ARGV, 5))
local version = redis.call('HGET', KEYS[1], 'version')
local document = false
if version and version ~= ARGV[2] then document = redis.call('HGET', KEYS[1], 'doc') end
-- Leases are 30 s long: one that ends a minute after any made now is of a clock that was set back since.
local seats = redis.call('ZCOUNT', KEYS[2], '(' .. now, string.format('%.0f', now + 90000))
local facts = {fields, document, seats}
facts[4] = redis.call('ZSCORE', KEYS[7], ARGV[4])
if person ~= '' then
  local request = redis.call('HGET', KEYS[5], person)
  if request then
    local ends = redis.call('ZSCORE', KEYS[6], request)
    if not ends or tonumber(ends) <= tonumber(now) then request = false end
  end
  facts[5] = redis.call('HGET', KEYS[3], person)
  facts[6] = redis.call('ZSCORE', KEYS[2], person)
  facts[7] = redis.call('ZSCORE', KEYS[4], person)
  facts[8] = request
  facts[9] = redis.call('ZCOUNT', KEYS[6], '(' .. now, '+inf')
end
if not fields[1] then return {} end
return facts
