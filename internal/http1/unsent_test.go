package http1

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

// unsentLab serves fresh bodies of 1 MiB, shared ones, and small ones, in both styles.
func unsentLab(t *testing.T, most int64) (*lab, *bytes.Buffer) {
	shared := make([]byte, 1<<20)
	answer := func(x *exchange.Exchange) exchange.Outcome {
		body := shared
		switch {
		case strings.HasSuffix(string(x.Head.Path), "fresh"):
			body = make([]byte, 1<<20)
		case strings.HasSuffix(string(x.Head.Path), "small"):
			body = make([]byte, 5000)
		}
		x.Respond(200, "text/plain", body)
		return exchange.Answered
	}
	routes := map[string]func(*exchange.Exchange) exchange.Outcome{}
	for _, kind := range []string{"fresh", "shared", "small"} {
		routes["/"+kind] = answer
		routes["/worker/"+kind] = onGoroutine(answer)
	}
	log := &bytes.Buffer{}
	cfg := hurry
	cfg.MaxUnsent, cfg.Logger = most, textLogger(log)
	return newLab(t, 1, cfg, &site{routes: routes}), log
}

func (l *lab) silent(n int, target string) []*sim.Peer {
	peers := make([]*sim.Peer, n)
	for i := range peers {
		peers[i] = l.dial()
		peers[i].SetBuffer(1000)
		require.True(l.t, peers[i].Send(get(target)))
		l.run()
	}
	return peers
}

func ended(peers []*sim.Peer) (which []int) {
	for i, p := range peers {
		if p.Take(); p.Ended() || p.IsReset() {
			which = append(which, i)
		}
	}
	return which
}

// TestUnsentIsBounded: above the bound those are cut off whose clients have taken
// nothing for the longest time; it is counted, and told once a second.
func TestUnsentIsBounded(t *testing.T) {
	for _, style := range []string{"", "/worker"} {
		l, log := unsentLab(t, 4<<20)
		peers := l.silent(4, style+"/fresh")
		require.EqualValues(t, 4<<20, l.v.Reactor.Stats().Unsent, "payloads whole: nothing of them can be freed")
		require.Zero(t, l.v.Reactor.Stats().CutOff)
		peers[0].Take() // it moves, so it is not the oldest any more
		l.run()
		peers = append(peers, l.silent(2, style+"/fresh")...)
		require.LessOrEqual(t, l.v.Reactor.Stats().Unsent, int64(4<<20))
		require.EqualValues(t, 2, l.v.Reactor.Stats().CutOff)
		require.Equal(t, []int{1, 2}, ended(peers))
		require.Equal(t, 1, strings.Count(log.String(), "responses cut off"), "%s", log)
		l.advance(2 * time.Second)
		l.silent(1, style+"/fresh")
		require.Equal(t, 2, strings.Count(log.String(), "responses cut off"), "%s", log)
		l.advance(hurry.WriteTimeout + time.Second)
		require.Zero(t, l.v.Reactor.Stats().Unsent, "all have ended")
		require.EqualValues(t, 3, l.v.Reactor.Stats().CutOff)
	}
}

// TestSharedResponsesCountOnce: a page in a cache is not the clients' memory.
func TestSharedResponsesCountOnce(t *testing.T) {
	l, _ := unsentLab(t, 2<<20)
	peers := append(l.silent(50, "/shared"), l.silent(50, "/worker/shared")...)
	require.EqualValues(t, 1<<20, l.v.Reactor.Stats().Unsent)
	require.Empty(t, ended(peers))
}

// TestOneResponseMayBeLonger: the newest response always may wait.
func TestOneResponseMayBeLonger(t *testing.T) {
	l, _ := unsentLab(t, 1<<10)
	p := l.silent(1, "/fresh")[0]
	require.EqualValues(t, 1<<20, l.v.Reactor.Stats().Unsent)
	var got []byte
	for range 1 << 12 {
		got = append(got, p.Take()...)
		l.run()
	}
	require.Len(t, responses(t, got, "GET")[0].body, 1<<20)
	require.Zero(t, l.v.Reactor.Stats().Unsent)
	require.Zero(t, l.v.Reactor.Stats().CutOff)
}

// TestSmallResponsesCount: those that are copied count with their buffers.
func TestSmallResponsesCount(t *testing.T) {
	l, _ := unsentLab(t, 64<<10)
	peers := l.silent(20, "/small")
	require.LessOrEqual(t, l.v.Reactor.Stats().Unsent, int64(64<<10))
	require.Len(t, ended(peers), 12, "8 KiB each")
}
