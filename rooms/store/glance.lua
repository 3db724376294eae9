-- Read a room, its members, who was put out lately and who waits, at one moment.
-- KEYS  room, seats, members, waiting, requests, parted
-- ARGV  now ms, version of the document and revision of the members that the caller has, names of fields...
-- Returns {} for no room, else {fields, document or false (same version), seats held,
--          members or false (same revision), rows of the waiting requests, rows of who was put out or false}
local fields = redis.call('HMGET', KEYS[1], unpack(ARGV, 4))
if not fields[1] then return {} end
local document, members, parted = false, false, false
local mark = redis.call('HMGET', KEYS[1], 'version', 'revision')
if mark[1] ~= ARGV[2] then document = redis.call('HGET', KEYS[1], 'doc') end
if mark[2] ~= ARGV[3] then
  members = redis.call('HGETALL', KEYS[3])
  parted = redis.call('HGETALL', KEYS[6])
end
local ids = redis.call('ZRANGE', KEYS[4], '(' .. ARGV[1], '+inf', 'BYSCORE')
local rows = {}
if #ids > 0 then rows = redis.call('HMGET', KEYS[5], unpack(ids)) end
return {fields, document, redis.call('ZCOUNT', KEYS[2], '(' .. ARGV[1], '+inf'), members, rows, parted}
