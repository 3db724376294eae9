-- Read the checkpoint and what follows it, of one moment.
-- KEYS 1 head  2 checkpoint  3 log
-- ARGV 1 most bytes
-- Returns {the head's fields, checkpoint or false, entries, 1 when there are more}
local checkpoint = redis.call('GET', KEYS[2])
local after = checkpoint and redis.call('HGET', KEYS[1], 'ckpt_seq') or 0
local entries, more = range(KEYS[3], after, tonumber(ARGV[1]))
return {fields(KEYS[1]), checkpoint, entries, more}
