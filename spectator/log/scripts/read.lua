-- Read what follows an event.
-- KEYS 1 head  2 log
-- ARGV 1 seq of the event  2 most bytes
-- Returns {the head's fields, entries, 1 when there are more}
local entries, more = range(KEYS[2], ARGV[1], tonumber(ARGV[2]))
return {fields(KEYS[1]), entries, more}
