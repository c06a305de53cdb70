package http2

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// uploads is a client with bodies to send, as far as the windows let it.
//
// Owner: the test's goroutine.
type uploads struct {
	l      *lab
	conn   int               // window of the connection
	window map[uint32]int    // of the streams
	left   map[uint32]int    // of their bodies
	status map[uint32]string // of the answers
	reset  map[uint32]bool
}

func newUploads(l *lab) *uploads {
	return &uploads{l: l, conn: connWindow, window: map[uint32]int{}, left: map[uint32]int{}, status: map[uint32]string{}, reset: map[uint32]bool{}}
}

// begin opens a stream for a body of n bytes, of a length that is known or not.
func (u *uploads) begin(id uint32, path string, n int, known bool) {
	var length []string
	if known {
		length = []string{"content-length", fmt.Sprint(n)}
	}
	u.l.head(id, false, "POST", path, length...)
	u.window[id], u.left[id] = firstWindow, n
}

// take reads what the server says.
func (u *uploads) take() {
	u.l.turn()
	for _, line := range u.l.frames() {
		words := strings.Fields(line)
		id, n := uint32(0), 0
		switch words[0] {
		case "WINDOW_UPDATE":
			_, _ = fmt.Sscan(words[1]+" "+words[2], &id, &n)
			if id == 0 {
				u.conn += n
			} else {
				u.window[id] += n
			}
		case "HEADERS":
			_, _ = fmt.Sscan(words[1], &id)
			u.status[id] = strings.TrimPrefix(words[2], ":status=")
		case "RST_STREAM":
			_, _ = fmt.Sscan(words[1], &id)
			u.reset[id] = true
			delete(u.left, id)
		case "GOAWAY":
			require.Fail(u.l.t, line)
		}
	}
}

// send sends as much of a body as it may, up to n bytes and but for the last keep, in frames with so
// much padding, and reports how much that was.
func (u *uploads) send(id uint32, n, keep, pad int) (sent int) {
	for sent < n && u.left[id] > keep {
		room := min(u.conn, u.window[id])
		if pad > 0 && room > pad+1 {
			room -= pad + 1
		} else {
			pad = 0
		}
		piece := min(n-sent, u.left[id]-keep, room, frame.DefaultMaxFrame-256)
		if piece <= 0 {
			return sent
		}
		u.left[id] -= piece
		ends := u.left[id] == 0
		cost := piece
		if pad > 0 {
			cost += pad + 1
			require.NoError(u.l.t, u.l.framer.WriteDataPadded(id, ends, make([]byte, piece), make([]byte, pad)))
		} else {
			require.NoError(u.l.t, u.l.framer.WriteData(id, ends, make([]byte, piece)))
		}
		if ends {
			delete(u.left, id)
		}
		u.conn -= cost
		u.window[id] -= cost
		sent += piece
		u.take()
	}
	return sent
}

// all sends what it may of all bodies but for the last keep bytes of each, until nothing more may be sent.
func (u *uploads) all(keep int) {
	for sent := 1; sent > 0; {
		u.take()
		sent = 0
		for _, id := range u.ids() {
			sent += u.send(id, 1<<20, keep, 0)
		}
	}
}

// ids are the streams whose bodies are not sent.
func (u *uploads) ids() (ids []uint32) {
	for id := range u.left {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// inMemory is how many bytes of bodies the connection has collected.
func (u *uploads) inMemory() (n int) {
	for _, s := range u.l.core.conns.next.streams {
		n += len(s.body)
	}
	return n
}

// requireNothingHeld: what was counted was given back.
func (u *uploads) requireNothingHeld(t require.TestingT) {
	c := u.l.core.conns.next
	require.Zero(t, c.collected)
	require.Zero(t, c.heldBack)
	require.Nil(t, c.beyond)
	require.Empty(t, c.collecting)
}

// requireListed: those that are being collected are known, the oldest first.
func (u *uploads) requireListed(t require.TestingT) {
	c := u.l.core.conns.next
	var want, got []uint32
	for id, s := range c.streams {
		if s.step == collecting {
			want = append(want, id)
		}
	}
	for _, s := range c.collecting {
		got = append(got, s.id)
	}
	slices.Sort(want)
	require.Equal(t, want, got)
}

const mib = 1 << 20

// TestCollectedIsBounded: a client that begins with a large body on each stream, and ends none, gets no
// further than the bound; and when it sends the rest, in whichever order, each comes to its end.
func TestCollectedIsBounded(t *testing.T) {
	for _, known := range []bool{true, false} {
		l := newLab(t, Config{}, &site{})
		l.greet()
		u := newUploads(l)
		const streams, large, room = 100, 128 << 10, mib
		l.core.collectRoom = room
		for i := range uint32(streams) {
			u.begin(2*i+1, "/upload", large, known)
			u.take()
		}
		u.all(1)
		require.LessOrEqual(t, u.inMemory(), streams*firstWindow+room+large)
		require.Greater(t, u.inMemory(), streams*firstWindow+room/8, "the room is used")
		require.Positive(t, l.core.conns.next.heldBack)
		u.all(0)
		require.Empty(t, u.left)
		require.Len(t, u.status, streams)
		for id, status := range u.status {
			require.Equal(t, "200", status, id)
		}
		u.requireNothingHeld(t)
	}
}

// TestHandlersHoldWhatTheyGot: bodies that came whole count until their handlers have ended; what is
// small passes those that wait.
func TestHandlersHoldWhatTheyGot(t *testing.T) {
	var lent []async.Task
	l := newLab(t, Config{}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/slow": lends}})
	l.core.spawn = func(task async.Task) { lent = append(lent, task) }
	l.greet()
	u := newUploads(l)
	const streams, large, room = 40, 200_000, mib
	l.core.collectRoom = room
	for i := range uint32(streams) {
		u.begin(2*i+1, "/slow", large, true)
	}
	u.all(0)
	require.LessOrEqual(t, u.inMemory(), streams*firstWindow+room+large)
	require.Less(t, len(lent), 12)
	require.NotEmpty(t, u.left)
	u.begin(999, "/small", 1000, true)
	u.send(999, 1000, 0, 0)
	require.Equal(t, "200", u.status[999])
	for len(u.left) > 0 {
		require.NotEmpty(t, lent, "somebody can go on")
		task := lent[0]
		lent = lent[1:]
		task.Run()
		u.all(0)
		require.LessOrEqual(t, u.inMemory(), streams*firstWindow+room+large)
	}
	for _, task := range lent {
		task.Run()
	}
	u.take()
	require.Len(t, u.status, streams+1)
	u.requireNothingHeld(t)
}

// TestOneLargeBody: one that is larger than all the room leaves the room to others while its handler
// takes its time.
func TestOneLargeBody(t *testing.T) {
	for _, known := range []bool{true, false} {
		var lent []async.Task
		l := newLab(t, Config{}, &site{
			routes: map[string]func(x exchangeOf) exchange.Outcome{"/slow": lends},
			admit:  func(exchangeOf) exchange.Admission { return exchange.Admission{Limit: 4 * mib} },
		})
		l.core.spawn = func(task async.Task) { lent = append(lent, task) }
		l.core.collectRoom = mib
		l.greet()
		u := newUploads(l)
		u.begin(1, "/slow", 3*mib, known)
		u.all(0)
		require.Len(t, lent, 1)
		for id := uint32(3); id < 40; id += 2 {
			u.begin(id, "/upload", 200_000, known)
			if u.take(); id%6 == 3 {
				u.all(0)
			}
		}
		u.all(0)
		require.Empty(t, u.left)
		require.Len(t, u.status, 19)
		lent[0].Run()
		u.take()
		require.Len(t, u.status, 20)
		u.requireNothingHeld(t)
	}
}

// TestSlowBodiesWhileOthersWait: the one that may go on is given up when it does not, and then the next one may.
func TestSlowBodiesWhileOthersWait(t *testing.T) {
	l := newLab(t, Config{}, &site{})
	l.greet()
	u := newUploads(l)
	const streams, large = 30, 200_000
	l.core.collectRoom = mib
	for i := range uint32(streams) {
		u.begin(2*i+1, "/upload", large, true)
	}
	u.all(1)
	require.Positive(t, l.core.conns.next.heldBack)
	for range 400 {
		l.v.Advance(31 * time.Second)
		u.take()
		if len(u.left) == 0 {
			break
		}
		for id := range u.status {
			delete(u.left, id)
		}
	}
	require.Len(t, u.status, streams)
	for _, status := range u.status {
		require.Equal(t, "408", status)
	}
	u.requireNothingHeld(t)
}

// TestWaitingBodiesCostOthersLittle: a client that lets as many bodies wait as it may makes the requests
// beside them no more expensive.
func TestWaitingBodiesCostOthersLittle(t *testing.T) {
	fastest := func(waiting uint32) time.Duration {
		l := newLab(t, Config{}, &site{})
		l.greet()
		for i := range waiting {
			l.head(2*i+1, false, "POST", "/upload", "content-length", fmt.Sprint(mib))
			l.turn()
		}
		if waiting > 0 {
			require.Greater(t, l.core.conns.next.heldBack, 190)
		}
		best := time.Hour
		for id := 2*waiting + 1; id < 2*waiting+400; {
			start := time.Now()
			for range 20 {
				l.head(id, false, "POST", "/small", "content-length", "1")
				require.NoError(t, l.framer.WriteData(id, true, []byte("x")))
				l.turn()
				id += 2
			}
			best = min(best, time.Since(start))
			l.frames()
		}
		require.Equal(t, 200, l.site.released)
		return best
	}
	alone := fastest(0)
	require.Less(t, fastest(240), 20*alone)
}

// unread is a lab whose handlers read nothing of so many streamed bodies, of which 200 KiB have come each.
func unread(t *testing.T, streams uint32) (u *uploads, finish func()) {
	var held []exchangeOf
	l := newLab(t, Config{}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/stream": func(x exchangeOf) exchange.Outcome {
		held = append(held, x)
		return exchange.Later
	}}})
	l.greet()
	u = newUploads(l)
	for i := range streams {
		u.begin(2*i+1, "/stream", mib, true)
		u.take()
		u.send(2*i+1, 200<<10, 0, 0)
		delete(u.left, 2*i+1)
	}
	require.Len(t, held, int(streams))
	return u, func() {
		l.v.Do(func() {
			for _, x := range held {
				text(x, 200, "ok")
				x.Finish()
			}
		})
		u.take()
	}
}

// TestUnreadBodiesLeaveRoom: what is left of the window of the connection goes round, also where that
// is less than half of it.
func TestUnreadBodiesLeaveRoom(t *testing.T) {
	for streams := range uint32(6) {
		u, _ := unread(t, streams)
		u.begin(99, "/upload", 900_000, true)
		u.all(0)
		require.Empty(t, u.left)
		require.Equal(t, "200", u.status[99], streams)
	}
}

// TestShutConnectionsTakeNoTime: where handlers do not read what the client has sent, it cannot
// send another body either, and has its time for that when they do.
func TestShutConnectionsTakeNoTime(t *testing.T) {
	for _, goesOn := range []bool{true, false} {
		u, finish := unread(t, 6)
		require.Zero(t, u.conn)
		u.begin(99, "/upload", 900_000, true)
		u.take()
		u.l.v.Advance(10 * time.Minute)
		u.take()
		require.Empty(t, u.status)
		finish()
		require.Positive(t, u.conn)
		u.l.v.Advance(29 * time.Second)
		u.take()
		require.NotContains(t, u.status, uint32(99))
		if goesOn {
			u.all(0)
			require.Equal(t, "200", u.status[99])
		} else {
			u.l.v.Advance(2 * time.Second)
			u.take()
			require.Equal(t, "408", u.status[99])
		}
	}
}

// TestPaddingIsNoBody: padding takes room of the windows and none of what is collected, and no body, however
// padded, gets stuck.
func TestPaddingIsNoBody(t *testing.T) {
	for _, path := range []string{"/upload", "/stream"} {
		for _, length := range []int{1, 1000, 60_000, firstWindow, firstWindow + 1, 300_000} {
			for _, c := range []struct {
				pad   int
				known bool
			}{{0, true}, {255, true}, {0, false}, {255, false}} {
				s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/stream": func(x exchangeOf) exchange.Outcome {
					return exchange.Later // it reads nothing; the windows are those of a reader
				}}}
				l := newLab(t, Config{}, s)
				l.greet()
				u := newUploads(l)
				u.begin(1, path, length, c.known)
				u.send(1, 500, 0, 255)
				for sent := 1; sent > 0; u.take() {
					sent = u.send(1, 500, 0, c.pad)
				}
				if path == "/upload" {
					require.Empty(t, u.left, "%d %v", length, c)
					require.Equal(t, "200", u.status[1])
					u.requireNothingHeld(t)
				} else {
					require.LessOrEqual(t, u.left[1], max(0, length-firstWindow+frame.DefaultMaxFrame+1000), "%d %v", length, c)
				}
			}
		}
	}
}

// TestCollectModel: whatever clients send, reset and let wait, the memory is bounded, and in the end each stream has its
// answer.
func TestCollectModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var lent []async.Task
		const limit, room = 200_000, 300_000
		s := &site{routes: routes("/upload", func(exchangeOf) {})}
		s.routes["/slow"] = lends
		s.admit = func(exchangeOf) exchange.Admission { return exchange.Admission{Limit: limit} }
		l := newLab(t, Config{}, s)
		defer l.v.Close()
		l.core.spawn = func(task async.Task) { lent = append(lent, task) }
		l.core.collectRoom = room
		l.greet()
		u := newUploads(l)
		next, gone := uint32(1), map[uint32]bool{}
		pick := func(t *rapid.T) uint32 {
			if ids := u.ids(); len(ids) > 0 {
				return ids[rapid.IntRange(0, len(ids)-1).Draw(t, "stream")]
			}
			return 0
		}
		rt.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				for range rapid.IntRange(1, 5).Draw(t, "streams") {
					path := rapid.SampledFrom([]string{"/upload", "/slow"}).Draw(t, "path")
					u.begin(next, path, rapid.SampledFrom([]int{1, 50_000, 70_000, limit, limit + 1}).Draw(t, "length"), rapid.Bool().Draw(t, "known"))
					next += 2
				}
				u.take()
			},
			"send": func(t *rapid.T) {
				if id := pick(t); id != 0 {
					u.send(id, rapid.SampledFrom([]int{1, 20_000, mib}).Draw(t, "bytes"), rapid.IntRange(0, 1).Draw(t, "keep"), rapid.SampledFrom([]int{0, 0, 200}).Draw(t, "padding"))
				}
			},
			"all": func(*rapid.T) { u.all(1) },
			"reset": func(t *rapid.T) {
				if id := pick(t); id != 0 && rapid.IntRange(0, 3).Draw(t, "really") == 0 {
					gone[id] = true
					delete(u.left, id)
					l.raw(frame.ResetStream, 0, id, word(uint32(frame.Cancel)))
					u.take()
				}
			},
			"run": func(t *rapid.T) {
				if n := len(lent); n > 0 {
					at := rapid.IntRange(0, n-1).Draw(t, "which")
					task := lent[at]
					lent = append(lent[:at:at], lent[at+1:]...)
					task.Run()
					u.take()
				}
			},
			"": func(*rapid.T) {
				require.LessOrEqual(rt, u.inMemory(), len(u.window)*firstWindow+room+limit)
				u.requireListed(rt)
			},
		})
		for u.all(0); len(u.left) > 0 || len(lent) > 0; u.all(0) {
			require.NotEmpty(rt, lent, "all of them wait: %v", u.left)
			task := lent[0]
			lent = lent[1:]
			task.Run()
			u.take()
		}
		for id := uint32(1); id < next; id += 2 {
			require.True(rt, gone[id] || u.status[id] != "" || u.reset[id], id)
		}
		u.requireNothingHeld(rt)
		require.Equal(rt, l.site.begun, l.site.released)
	})
}
