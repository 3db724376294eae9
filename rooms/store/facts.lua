-- Read a room, and what one person is to it, at one moment.
-- KEYS  room, seats, members, refused, askers, waiting
-- ARGV  now ms, version of the document the caller has, person ('' for none), names of fields...
-- Returns {} for no room, else {fields, document or false (same version), seats held,
--          member row, lease end, refused until, waiting request id, requests waiting}
local fields = redis.call('HMGET', KEYS[1], unpack(ARGV, 4))
if not fields[1] then return {} end
local now, person = ARGV[1], ARGV[3]
local document = false
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then
  document = redis.call('HGET', KEYS[1], 'doc')
end
local seats = redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf')
if person == '' then return {fields, document, seats} end
local request = redis.call('HGET', KEYS[5], person)
if request then
  local ends = redis.call('ZSCORE', KEYS[6], request)
  if not ends or tonumber(ends) <= tonumber(now) then request = false end
end
return {
  fields, document, seats,
  redis.call('HGET', KEYS[3], person),
  redis.call('ZSCORE', KEYS[2], person),
  redis.call('ZSCORE', KEYS[4], person),
  request,
  redis.call('ZCOUNT', KEYS[6], '(' .. now, '+inf'),
}
