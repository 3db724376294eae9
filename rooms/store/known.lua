-- Read what a room knows of one person, at one moment.
-- KEYS  members, parted, blocked, askers, requests
-- ARGV  person
-- Returns {member row, row of why they were put out, row of the blocked, row of the request they made last}, each
--         false for none.
local person = ARGV[1]
local asked = redis.call('HGET', KEYS[4], person)
return {
  redis.call('HGET', KEYS[1], person),
  redis.call('HGET', KEYS[2], person),
  redis.call('HGET', KEYS[3], person),
  asked and redis.call('HGET', KEYS[5], asked),
}
