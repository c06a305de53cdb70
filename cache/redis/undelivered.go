package redis

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi/async"
)

const (
	// mostUndelivered is how many changes are remembered by name; beyond, all entries in Redis are removed instead.
	mostUndelivered = 100_000
	// deliverEvery is the pause between tries to deliver what is undelivered.
	deliverEvery = 100 * time.Millisecond
	// tagLife is how long the version of a tag stays in Redis; without it the entries with the tag are misses.
	tagLife = 7 * 24 * time.Hour
)

var errNotTold = errors.New("redis: there is no room to tell others of a change")

// noteUndelivered notes a change that Redis could not be told: that of an entry, or of a tag, which has no lease. Until it is
// delivered this process reads nothing from Redis.
func (s *Store) noteUndelivered(site async.Site, name, lease string, why error) {
	s.mu.Lock()
	if s.undelivered[name] = lease; len(s.undelivered) > mostUndelivered {
		s.all = true
		clear(s.undelivered)
		s.undelivered[name] = lease
	}
	s.behind.Store(true)
	s.mu.Unlock()
	if s.delivering.CompareAndSwap(false, true) {
		s.log(site).Warn("cache: redis could not be told of a change", slog.String("error", why.Error()))
		go s.deliverAll()
	}
}

// deliverAll delivers what is left, however long that takes, until the store is closed.
func (s *Store) deliverAll() {
	for {
		err := s.deliver()
		s.mu.Lock()
		if over := len(s.undelivered) == 0 && !s.all; over || s.closed || errors.Is(err, errClosed) {
			s.behind.Store(!over)
			s.delivering.Store(false)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if err != nil {
			time.Sleep(deliverEvery)
		}
	}
}

// deliver tries once. What is noted meanwhile stays.
func (s *Store) deliver() error {
	s.mu.Lock()
	undelivered, all := maps.Clone(s.undelivered), s.all
	s.mu.Unlock()
	ctx := context.Background()
	if all {
		if _, err := s.call(ctx, s.removeAll); err != nil {
			return err
		}
		s.mu.Lock()
		s.all = false
		s.mu.Unlock()
	}
	for name, lease := range undelivered {
		var err error
		if lease == "" {
			err = s.renewTag(ctx, name)
		} else {
			err = s.drop(ctx, name, lease)
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		delete(s.undelivered, name)
		s.mu.Unlock()
	}
	return nil
}

// drop ends an entry in Redis.
func (s *Store) drop(ctx context.Context, name, lease string) error {
	_, err := s.call(ctx, func(ctx context.Context, client rueidis.Client) (int64, error) {
		n, err := s.scripts.drop.Exec(ctx, client, []string{name, lease}, nil).AsInt64()
		if err == nil && n == 0 {
			err = errNotTold
		}
		return n, err
	})
	return err
}

// renewTag gives a tag a new version.
func (s *Store) renewTag(ctx context.Context, name string) error {
	_, err := s.call(ctx, func(ctx context.Context, client rueidis.Client) (struct{}, error) {
		now, err := clockOf(ctx, client)
		if err != nil {
			return struct{}{}, err
		}
		err = client.Do(ctx, client.B().Set().Key(name).Value(versionOf(now)).Px(tagLife).Build()).Error()
		if _, isRedis := rueidis.IsRedisErr(err); isRedis { // no room: without a version its entries are misses
			n, failed := client.Do(ctx, client.B().Del().Key(name).Build()).AsInt64()
			if err = failed; err == nil && n == 0 {
				err = errNotTold
			}
		}
		return struct{}{}, err
	})
	return err
}

// removeAll removes everything below the prefix, on all nodes.
func (s *Store) removeAll(ctx context.Context, client rueidis.Client) (struct{}, error) {
	for _, node := range client.Nodes() {
		for cursor := uint64(0); ; {
			page, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(s.cfg.Prefix+"*").Count(1000).Build()).AsScanEntry()
			if err != nil {
				return struct{}{}, err
			}
			for _, name := range page.Elements {
				if err := node.Do(ctx, node.B().Unlink().Key(name).Build()).Error(); err != nil {
					return struct{}{}, err
				}
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	return struct{}{}, nil
}
