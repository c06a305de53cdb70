package redislink

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi/broadcast"
)

// Config configures New. The zero value is ready.
//
// Owner: any (a plain value).
type Config struct {
	// Prefix begins all keys and channels. Default "broadcast:".
	Prefix string
	// Keep is how long the messages of a topic stay in Redis that nobody publishes to or reads. Default 24 h.
	Keep time.Duration
}

const (
	defaultKeep = 24 * time.Hour
	// pageSize is how many messages are read at a time.
	pageSize = 256
)

// Link is a [broadcast.Link] in Redis. Any goroutine may use it.
//
// Owner: any (immutable after New).
type Link struct {
	client        rueidis.Client
	cfg           Config
	publish, read *rueidis.Lua
}

var _ broadcast.Link = (*Link)(nil)

// New returns a link that uses client: that of redisclient.Open.
func New(client rueidis.Client, cfg Config) *Link {
	cfg.Prefix = cmp.Or(cfg.Prefix, "broadcast:")
	cfg.Keep = cmp.Or(cfg.Keep, defaultKeep)
	return &Link{client: client, cfg: cfg, publish: rueidis.NewLuaScript(publishScript), read: rueidis.NewLuaScript(readScript)}
}

// publishScript stores a message. KEYS: the stream, its head. ARGV: a name for a new epoch, how many messages are kept, the
// message, for how many milliseconds, the channel. It returns the name first, so that the answer to another call is known.
const publishScript = `
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if not epoch then
	epoch = ARGV[1]
	redis.call('DEL', KEYS[1])
	redis.call('HSET', KEYS[2], 'epoch', epoch, 'seq', 0)
end
local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], seq .. '-0', 'd', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[5], seq)
return {ARGV[1], epoch, tostring(seq)}
`

// readScript reads what is behind a message. KEYS as above. ARGV: a name for a new epoch, the epoch and the number of
// the message, how many are wanted, for how many milliseconds they are kept. It returns the name first, as above.
const readScript = `
local head = redis.call('HMGET', KEYS[2], 'epoch', 'seq')
local epoch, seq, after = head[1], tonumber(head[2] or 0), tonumber(ARGV[3])
if not epoch or (epoch == ARGV[2] and seq < after) then
	epoch, seq = ARGV[1], 0
	redis.call('DEL', KEYS[1])
	redis.call('HSET', KEYS[2], 'epoch', epoch, 'seq', 0)
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
local from = '-'
if epoch == ARGV[2] then from = (after + 1) .. '-0' end
local out = {ARGV[1], epoch, tostring(seq)}
for _, e in ipairs(redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[4])) do
	out[#out + 1] = string.match(e[1], '^%d+')
	out[#out + 1] = e[2][2]
end
return out
`

func (l *Link) keys(topic string) []string {
	stream := l.cfg.Prefix + "{" + topic + "}"
	return []string{stream, stream + ":head"}
}

func (l *Link) channel(topic string) string { return l.cfg.Prefix + "{" + topic + "}:news" }

func (l *Link) keep() string { return strconv.FormatInt(l.cfg.Keep.Milliseconds(), 10) }

// errBraces: see the documentation of the package.
var errBraces = errors.New("redislink: the prefix and the names of topics must not contain braces")

func (l *Link) check(topic string) error {
	if strings.ContainsAny(l.cfg.Prefix+topic, "{}") {
		return errBraces
	}
	return nil
}

var errAnswer = errors.New("redislink: unexpected answer of a script")

// Publish implements [broadcast.Link]. Redis drops old messages some at a time, so that a few more than keep may be there.
func (l *Link) Publish(ctx context.Context, topic string, keep int, data []byte) (broadcast.Position, error) {
	if err := l.check(topic); err != nil {
		return broadcast.Position{}, err
	}
	args := []string{rand.Text()[:10], strconv.Itoa(keep), rueidis.BinaryString(data), l.keep(), l.channel(topic)}
	answer, err := l.ask(ctx, l.publish, topic, args)
	if err != nil {
		return broadcast.Position{}, err
	}
	return position(answer)
}

// ask runs a script. The answer to another call is an error.
func (l *Link) ask(ctx context.Context, script *rueidis.Lua, topic string, args []string) ([]string, error) {
	answer, err := script.Exec(ctx, l.client, l.keys(topic), args).AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("redislink: %w", err)
	}
	if len(answer) == 0 || answer[0] != args[0] {
		return nil, errAnswer
	}
	return answer[1:], nil
}

func position(answer []string) (broadcast.Position, error) {
	if len(answer) < 2 {
		return broadcast.Position{}, errAnswer
	}
	seq, err := strconv.ParseUint(answer[1], 10, 64)
	if err != nil {
		return broadcast.Position{}, errAnswer
	}
	return broadcast.Position{Epoch: answer[0], Seq: seq}, nil
}

// Read implements [broadcast.Link].
func (l *Link) Read(ctx context.Context, topic string, after broadcast.Position) (broadcast.Page, error) {
	if err := l.check(topic); err != nil {
		return broadcast.Page{}, err
	}
	args := []string{rand.Text()[:10], after.Epoch, strconv.FormatUint(after.Seq, 10), strconv.Itoa(pageSize), l.keep()}
	answer, err := l.ask(ctx, l.read, topic, args)
	if err != nil {
		return broadcast.Page{}, err
	}
	last, err := position(answer)
	page := broadcast.Page{Last: last}
	for i := 2; err == nil && i+1 < len(answer); i += 2 {
		var seq uint64
		seq, err = strconv.ParseUint(answer[i], 10, 64)
		page.Messages = append(page.Messages, broadcast.Stored{Seq: seq, Data: []byte(answer[i+1])})
	}
	return page, err
}

// Watch implements [broadcast.Link], on a connection of its own.
func (l *Link) Watch(ctx context.Context, topic string, wake func()) error {
	if err := l.check(topic); err != nil {
		return err
	}
	conn, release := l.client.Dedicate()
	defer release()
	lost := conn.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) { wake() }})
	if err := conn.Do(ctx, conn.B().Exists().Key(l.keys(topic)...).Build()).Error(); err != nil { // chooses the node of a cluster
		return fmt.Errorf("redislink: %w", err)
	}
	if err := conn.Do(ctx, conn.B().Subscribe().Channel(l.channel(topic)).Build()).Error(); err != nil {
		return fmt.Errorf("redislink: %w", err)
	}
	wake()
	select {
	case err := <-lost:
		return fmt.Errorf("redislink: the connection was lost: %w", err)
	case <-ctx.Done():
		conn.Close()
		return ctx.Err()
	}
}
