package nethttp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/reactor"
)

// TestSeatLeave: a carrier that something else may know is never used again, and no seat keeps a long head.
func TestSeatLeave(t *testing.T) {
	s := newSeat().(*seat)
	first := s.carrier
	first.refused = true
	method := s.text.put("GET")
	s.leave(false)
	require.Same(t, first, s.carrier)
	require.False(t, first.refused)
	require.Empty(t, s.text)
	if invariant.Enabled {
		require.NotEqual(t, "GET", string(method), "its lease is over")
	}

	first.refused = true
	s.leave(true)
	require.NotSame(t, first, s.carrier)
	require.True(t, first.refused, "it is left as it was")

	s.text.put(string(make([]byte, maxText+1)))
	s.leave(false)
	require.LessOrEqual(t, cap(s.text), maxText)
}

// TestText: what was put stays, also when the text grows, and appending to it changes nothing else.
func TestText(t *testing.T) {
	var text text
	var all [][]byte
	for i := range 200 {
		all = append(all, text.put(fmt.Sprintf("value %d", i)))
	}
	for i := range all {
		_ = append(all[i], '!')
	}
	for i, b := range all {
		require.Equal(t, fmt.Sprintf("value %d", i), string(b))
	}
}

// TestRemotes: the address is always that of the text, also of texts that share a place.
func TestRemotes(t *testing.T) {
	var m remotes
	for range 2 {
		for port := range 2000 {
			text := fmt.Sprintf("[2001:db8::%x]:%d", port%7, port)
			require.Equal(t, netip.MustParseAddrPort(text), m.read(text))
			require.Equal(t, m.read(text), m.read(text))
		}
	}
	for _, none := range []string{"", "@", "pipe", "127.0.0.1", "localhost:80"} {
		require.False(t, m.read(none).IsValid(), none)
	}
}

// TestRunning: whoever is added is listed until it is removed, in whatever order that happens, and more than once.
func TestRunning(t *testing.T) {
	var r running
	listed := func() (n int) {
		for c := r.first; c != nil; c = c.link.next {
			n++
		}
		return n
	}
	all := make([]carrier, 6)
	for i := range all {
		r.add(&all[i])
	}
	for left, i := range []int{5, 0, 3, 2, 4, 1} {
		r.remove(&all[i])
		r.remove(&all[i])
		require.Equal(t, len(all)-1-left, listed())
	}
	r.add(&all[0])
	require.Equal(t, 1, listed())
}

// TestWatchedWhileOpened: any goroutine may ask for the client's end while that of the request opens the response, as
// the race detector sees, and the carrier that was asked is not used again.
func TestWatchedWhileOpened(t *testing.T) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, group.Stop(context.Background())) }()
	for _, opens := range []bool{true, false} {
		var asked *carrier
		h := New(early{serve: func(x *exchange.Exchange) exchange.Outcome {
			x.Status = http.StatusOK
			watched := make(chan struct{})
			go func() {
				defer close(watched)
				x.WatchClient()
			}()
			if opens {
				_, err := x.Open(-1)
				require.NoError(t, err)
				require.NoError(t, x.EndStream())
			}
			<-watched
			return exchange.Answered
		}}, group, Options{})
		h.seats.New = func() any {
			s := newSeat().(*seat)
			if asked == nil {
				asked = s.carrier
			}
			return s
		}
		for range 2 {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			next := h.seats.Get().(*seat)
			require.NotSame(t, asked, next.carrier)
			h.seats.Put(next)
		}
		require.NotNil(t, asked.leaving.stop, "it is left as it was")
	}
}
