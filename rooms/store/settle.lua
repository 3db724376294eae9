-- Settle the request of somebody who came in by another way while it waited: in effect it was approved.
-- KEYS  members, requests, waiting, askers, bell
-- ARGV  person
-- Returns 1 when a request waited and does not any more, else 0.
local id = redis.call('HGET', KEYS[4], ARGV[1])
if not id or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[4], ARGV[1])
if redis.call('ZREM', KEYS[3], id) == 0 then return 0 end
local row = redis.call('HGET', KEYS[2], id)
local settled = string.gsub(row, '"status":"pending_approval"', '"status":"approved"', 1)
redis.call('HSET', KEYS[2], id, settled)
redis.call('SPUBLISH', KEYS[5], 'access')
return 1
