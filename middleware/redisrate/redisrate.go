package redisrate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/middleware"
)

// Config configures a Limiter. The zero value is ready.
type Config struct {
	// Prefix begins all keys in Redis. Default "ratelimit:".
	Prefix string
	// Timeout bounds one call. Default 250 ms.
	Timeout time.Duration
}

const defaultTimeout = 250 * time.Millisecond

// Limiter is a [middleware.Limiter] in Redis.
//
// Owner: any (immutable after New).
type Limiter struct {
	client rueidis.Client
	cfg    Config
	script *rueidis.Lua
}

var _ middleware.Limiter = (*Limiter)(nil)

// New returns a limiter that uses client: that of redisclient.Open.
func New(client rueidis.Client, cfg Config) *Limiter {
	cfg.Prefix = cmp.Or(cfg.Prefix, "ratelimit:")
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	return &Limiter{client: client, cfg: cfg, script: rueidis.NewLuaScript(take)}
}

// begin is the beginning of the scripts. The key holds the time in microseconds when its bucket is full. ARGV: microseconds per token,
// tokens of a full bucket, the number of the call, which the answer ends with. What is no time is a full bucket (nan is no more than now either), and one that would take longer to fill than an
// empty one is of a clock that was set back, as by a failover: it is empty.
const begin = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local interval, burst, call = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = tonumber(redis.call('GET', KEYS[1]) or now) or now
if not (full > now) then full = now end
full = math.min(full, now + interval * burst)
`

// take is the generic cell rate algorithm.
const take = begin + `
local after = full + interval
local missing = after - now - interval * burst
if missing > 0 then return {0, 0, missing, full - now, call} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
return {1, math.floor((interval * burst - (after - now)) / interval), 0, after - now, call}
`

var errAnswer = errors.New("redisrate: unexpected answer of the script")

// ask runs a script. Its args have room for the number of the call, at callArg; the answer to another call is an error.
func ask(ctx context.Context, client rueidis.Client, script *rueidis.Lua, key string, args []string) ([]int64, error) {
	call := int64(rand.Uint32())
	args[callArg] = strconv.FormatInt(call, 10)
	answer, err := script.Exec(ctx, client, []string{key}, args).AsIntSlice()
	if err != nil {
		return nil, fmt.Errorf("redisrate: %w", err)
	}
	if len(answer) != 5 || answer[4] != call {
		return nil, errAnswer
	}
	return answer, nil
}

const callArg = 2

// Take implements [middleware.Limiter].
func (l *Limiter) Take(ctx context.Context, key string, limit middleware.Limit) async.Future[middleware.Decision] {
	limit.Burst = cmp.Or(limit.Burst, limit.Requests)
	interval := max(1, limit.Interval().Microseconds())
	args := []string{strconv.FormatInt(interval, 10), strconv.Itoa(limit.Burst), ""}
	return async.Go(ctx, func(ctx context.Context) (middleware.Decision, error) {
		ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
		defer cancel()
		answer, err := ask(ctx, l.client, l.script, l.cfg.Prefix+key, args)
		if err != nil {
			return middleware.Decision{}, err
		}
		return middleware.Decision{
			OK: answer[0] == 1, Remaining: int(answer[1]),
			Retry: time.Duration(answer[2]) * time.Microsecond, Reset: time.Duration(answer[3]) * time.Microsecond,
		}, nil
	})
}
