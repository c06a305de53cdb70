package redisclient

import (
	"errors"
	"time"

	"github.com/redis/rueidis"
)

// givenUp is how long a connection may be silent while an answer is waited for: then there is a new one. rueidis's own default is 10 s.
const givenUp = 3 * time.Second

// errURL does not have the address, which may have a password.
var errURL = errors.New("redisclient: the address is not one of Redis: redis://user:password@host:6379/0, rediss://… or unix:///path")

// Open returns a client of the Redis or Valkey at url, such as "redis://user:password@host:6379/0", "rediss://…" (TLS) or "unix:///path".
// More nodes of a cluster are "?addr=host:port", and "?master_set=name" asks sentinels: see [rueidis.ParseURL].
//
// One Redis need not be there yet: calls fail until it is, and the client finds it then. It is an error when Redis answers that it refuses, as
// it does for a wrong password, and when a cluster or sentinels cannot be reached.
//
// Calls are not tried again, since those who make them know better when; and [rueidis.Client.DoCache] keeps nothing: that is what package
// cache/redis is for. [New] has neither rule.
func Open(url string) (rueidis.Client, error) {
	option, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, errURL
	}
	option.DisableRetry, option.DisableCache = true, true
	if option.ConnWriteTimeout == 0 {
		option.ConnWriteTimeout = givenUp
	}
	option.ForceSingleClient = len(option.InitAddress) == 1 && option.Sentinel.MasterSet == ""
	client, err := New(option)
	if client == nil {
		return nil, err
	}
	if _, refused := rueidis.IsRedisErr(err); refused {
		client.Close()
		return nil, err
	}
	return client, nil
}

// New is [rueidis.NewClient], and what comes on the connections of the client is looked at before it is read. The client reads them all the time, as by
// [rueidis.ClientOption].AlwaysPipelining, so that an answer that comes unasked is not taken for the next one.
func New(option rueidis.ClientOption) (rueidis.Client, error) {
	option.DialCtxFn = guardedDial(option)
	option.AlwaysPipelining, option.DisableAutoPipelining = true, false
	return rueidis.NewClient(option)
}
