package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/idempotency"
)

// Config configures New. The zero value is ready.
//
// Owner: any (a plain value).
type Config struct {
	// Prefix begins all keys in Redis. Default "idempotency:".
	Prefix string
	// Timeout bounds one call. Default 1 s.
	Timeout time.Duration
}

// Store is an [idempotency.Store] in Redis. Any goroutine may use it.
//
// Owner: any (immutable after New).
type Store struct {
	client rueidis.Client
	cfg    Config
	claim  *rueidis.Lua
	change *rueidis.Lua
}

var _ idempotency.Store = (*Store)(nil)

// New returns a store that uses client: that of redisclient.Open.
func New(client rueidis.Client, cfg Config) *Store {
	cfg.Prefix = cmp.Or(cfg.Prefix, "idempotency:")
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Second)
	return &Store{client: client, cfg: cfg, claim: rueidis.NewLuaScript(claimScript), change: rueidis.NewLuaScript(changeScript)}
}

// clock is the beginning of the scripts: now, in milliseconds.
const clock = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

// claimScript takes a key. ARGV: print, token, lease and keep in milliseconds. It returns the
// token, so that the answer to another call is known, and "claimed", or the print and the answer.
const claimScript = clock + `
local has = redis.call('HMGET', KEYS[1], 'print', 'answer', 'leased')
if has[1] and (has[2] or has[1] ~= ARGV[1] or tonumber(has[3]) > now) then
	return {ARGV[2], has[1], has[2]}
end
redis.call('HSET', KEYS[1], 'print', ARGV[1], 'token', ARGV[2], 'leased', string.format('%.0f', now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {ARGV[2], 'claimed'}
`

// changeScript changes a key that is still the try's. ARGV: what, token, lease, keep, answer. It returns what, the token, and 1 when it was.
const changeScript = clock + `
local has = redis.call('HMGET', KEYS[1], 'token', 'answer')
if has[1] ~= ARGV[2] or has[2] then return {ARGV[1], ARGV[2], '0'} end
if ARGV[1] == 'release' then
	redis.call('DEL', KEYS[1])
	return {ARGV[1], ARGV[2], '1'}
end
if ARGV[1] == 'renew' then
	redis.call('HSET', KEYS[1], 'leased', string.format('%.0f', now + ARGV[3]))
else
	redis.call('HSET', KEYS[1], 'answer', ARGV[5])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {ARGV[1], ARGV[2], '1'}
`

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

var errAnswer = errors.New("redisstore: unexpected answer of a script")

// Claim implements [idempotency.Store].
func (s *Store) Claim(ctx context.Context, c idempotency.Claim) async.Future[idempotency.Found] {
	return async.Go(ctx, func(ctx context.Context) (f idempotency.Found, err error) {
		ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
		defer cancel()
		args := []string{c.Print, c.Token, millis(c.Lease), millis(c.Keep)}
		answer, err := s.claim.Exec(ctx, s.client, []string{s.cfg.Prefix + c.Key}, args).ToArray()
		if err != nil {
			return f, fmt.Errorf("redisstore: %w", err)
		}
		if len(answer) < 2 {
			return f, errAnswer
		}
		if of, err := answer[0].ToString(); err != nil || of != c.Token {
			return f, errAnswer
		}
		if f.Print, err = answer[1].ToString(); err != nil {
			return f, errAnswer
		}
		if f.Print == "claimed" {
			return idempotency.Found{Claimed: true}, nil
		}
		if len(answer) > 2 && !answer[2].IsNil() {
			if f.Answer, err = answer[2].AsBytes(); err != nil {
				return idempotency.Found{}, errAnswer
			}
		}
		return f, nil
	})
}

// Renew implements [idempotency.Store].
func (s *Store) Renew(ctx context.Context, c idempotency.Claim) async.Future[bool] {
	return s.changed(ctx, c, "renew", nil)
}

// Finish implements [idempotency.Store].
func (s *Store) Finish(ctx context.Context, c idempotency.Claim, answer []byte) async.Future[bool] {
	return s.changed(ctx, c, "finish", answer)
}

// Release implements [idempotency.Store].
func (s *Store) Release(ctx context.Context, c idempotency.Claim) async.Future[bool] {
	return s.changed(ctx, c, "release", nil)
}

func (s *Store) changed(ctx context.Context, c idempotency.Claim, what string, answer []byte) async.Future[bool] {
	args := []string{what, c.Token, millis(c.Lease), millis(c.Keep), rueidis.BinaryString(answer)}
	return async.Go(ctx, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
		defer cancel()
		answer, err := s.change.Exec(ctx, s.client, []string{s.cfg.Prefix + c.Key}, args).AsStrSlice()
		if err != nil {
			return false, fmt.Errorf("redisstore: %w", err)
		}
		if len(answer) != 3 || answer[0] != what || answer[1] != c.Token {
			return false, errAnswer
		}
		return answer[2] == "1", nil
	})
}
