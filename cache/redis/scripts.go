package redis

import "github.com/redis/rueidis"

// scripts are what has to happen at one moment. KEYS are the entry and its lease, which are on one node.
//
// Owner: any (immutable after New).
type scripts struct{ take, keep, put, drop, leave *rueidis.Lua }

func newScripts() *scripts {
	return &scripts{
		take: rueidis.NewLuaScript(take), keep: rueidis.NewLuaScript(keep), put: rueidis.NewLuaScript(put),
		drop: rueidis.NewLuaScript(drop), leave: rueidis.NewLuaScript(leave),
	}
}

// What take answers with.
const (
	found   = 1 // the entry
	loading = 2 // somebody else has the lease
	granted = 3 // the lease
	full    = 4 // there is no room for a lease: load, and keep nothing
)

// take: the entry, if it is fresh and not too old, else the lease. ARGV: a token, the milliseconds of a lease, the age in
// microseconds from which on an entry is too old (0: none is), 1 for one load at a time, 1 to pass the entry over.
// An age is the opinion of another clock: 10 ms are added.
const take = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local text = string.format('%.0f', now)
if ARGV[5] ~= '1' then
  local v = redis.call('GET', KEYS[1])
  if v then
    local fresh, loaded = string.match(v, '^(%d+)|(%d+)|')
    if fresh and tonumber(fresh) > now and (ARGV[3] == '0' or tonumber(loaded) > now - tonumber(ARGV[3]) + 10000) then
      return {1, v, text}
    end
  end
end
if ARGV[4] == '1' and redis.call('EXISTS', KEYS[2]) == 1 then return {2, '', text} end
local set = redis.pcall('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
if set.err then return {4, '', text} end
return {3, '', text}
`

// keep stores an entry if the lease is still there. ARGV: the token, the entry, milliseconds.
const keep = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local set = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
if not set.err then return 1 end
redis.call('DEL', KEYS[1])
return 0
`

// put stores an entry in any case. ARGV: the entry, milliseconds.
const put = `
local set = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
if not set.err then return 1 end
return redis.call('DEL', KEYS[1])
`

// drop ends an entry and its lease. It stores an empty one for a second, because Redis tells nobody of the end of a key that
// it does not have, and others may have it. DEL comes first: a script that has written may go on when memory is full.
// 0: there was no room all the same, and nothing to remove.
const drop = `
redis.call('DEL', KEYS[2])
if redis.pcall('SET', KEYS[1], '', 'PX', 1000).err then return redis.call('DEL', KEYS[1]) end
return 1
`

// leave gives a lease back. ARGV: the token.
const leave = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`
