package http1

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// mixed answers in the way that the target says; it keeps the order of owners
// that the engine promises under watch of the race detector.
//
// Owner: any (atomic).
type mixed struct{ begun, released, cancelled atomic.Int64 }

// workload is the state of one exchange; it is written without a lock, so that
// the race detector sees two owners.
//
// Owner: the owner of the exchange.
type workload struct{ calls int }

func (m *mixed) Begin(x *exchange.Exchange) {
	m.begun.Add(1)
	if x.User == nil {
		x.User = new(workload)
	}
	x.User.(*workload).calls++
}

func (m *mixed) Admit(x *exchange.Exchange) exchange.Admission {
	x.User.(*workload).calls++
	return exchange.Admission{Limit: 1 << 20, MayStream: true}
}
func (m *mixed) Cancel(*exchange.Exchange, error) { m.cancelled.Add(1) }
func (m *mixed) Release(x *exchange.Exchange) {
	x.User.(*workload).calls++
	m.released.Add(1)
}

func (m *mixed) Serve(x *exchange.Exchange) exchange.Outcome {
	s := x.User.(*workload)
	s.calls++
	path := string(x.Head.Path)
	payload := []byte(path)
	switch kind := path[strings.LastIndexByte(path, '/')+1:]; {
	case kind == "worker" && x.OnReactor(), kind == "stream" && x.OnReactor(), kind == "late" && !x.OnReactor():
		return exchange.Move
	case kind == "late":
		x.Respond(200, "text/plain", payload)
		x.Reactor().After(time.Duration(rand.IntN(3))*time.Millisecond, finishing{x})
		return exchange.Later
	case kind == "stream":
		return pour(x, int64(len(payload)), func(w exchange.BodyWriter) error {
			for i := range payload {
				if _, err := w.Write(payload[i : i+1]); err != nil {
					return err
				}
				if err := w.Flush(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	x.Respond(200, "text/plain", payload)
	return exchange.Answered
}

// TestStress: many clients, all styles, real goroutines; some break off; in the
// end the server shuts down while the last ones still ask.
func TestStress(t *testing.T) {
	m := &mixed{}
	l := newLive(t, 2, Config{}, m)
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	var clients sync.WaitGroup
	for i := range 12 {
		clients.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 5))
			for n := range rounds {
				stressClient(t, l, rng, fmt.Sprintf("/%d/%d", i, n))
			}
		})
	}
	clients.Wait()
	eventually(t, "everything is closed", func() bool { return l.server.Stats().Open == 0 })
	require.Equal(t, m.begun.Load(), m.released.Load())
	c := l.dial()
	_, err := io.WriteString(c, get("/x/worker"))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, l.server.Shutdown(ctx))
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, []string{"200"}, statuses(string(out)), "asked before the end, answered")
}

// stressClient sends a pipeline in pieces and reads the answers, or breaks off.
func stressClient(t *testing.T, l *live, rng *rand.Rand, name string) {
	c := l.dial()
	defer c.Close()
	kinds := []string{"inline", "worker", "late", "stream"}
	var in, want strings.Builder
	for k := range 1 + rng.IntN(8) {
		path := fmt.Sprintf("%s/%d/%s", name, k, kinds[rng.IntN(len(kinds))])
		want.WriteString(path + ",")
		in.WriteString(get(path))
	}
	text := in.String()
	leave := rng.IntN(4) == 0
	for len(text) > 0 {
		n := 1 + rng.IntN(len(text))
		if _, err := io.WriteString(c, text[:n]); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		text = text[n:]
		if leave && rng.IntN(3) == 0 {
			_ = c.SetLinger(rng.IntN(2) - 1) // 0: reset, -1: close
			return
		}
	}
	_ = c.CloseWrite()
	out, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if got := strings.Join(bodies(t, string(out)), ",") + ","; got != want.String() {
		t.Errorf("%s: got %s, want %s", name, got, want.String())
	}
}
