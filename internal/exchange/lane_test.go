package exchange

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// someone waits, and is nobody else.
//
// Owner: the test's goroutine.
type someone struct{ _ byte }

func (*someone) Waiter() *Exchange { return nil }
func (*someone) Lend()             {}
func (*someone) TakeBack()         {}

// TestLanes: against a model, whatever is put in and taken out in which order.
func TestLanes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l lane
		var model []Queued
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 40).Draw(t, "n") {
					c := &someone{}
					l.push(queued{one: c})
					model = append(model, c)
				}
			},
			"oldest": func(t *rapid.T) {
				if len(model) > 0 {
					require.Same(t, model[0], l.popOldest())
					model = model[1:]
				}
			},
			"newest": func(t *rapid.T) {
				if n := len(model) - 1; n >= 0 {
					require.Same(t, model[n], l.popNewest())
					model = model[:n]
				}
			},
			"remove": func(t *rapid.T) {
				every, i := rapid.IntRange(1, 5).Draw(t, "every"), 0
				var kept []Queued
				for at, c := range model {
					if at%every != 0 {
						kept = append(kept, c)
					}
				}
				n := l.remove(func(Queued) bool { i++; return (i-1)%every == 0 })
				require.Equal(t, len(model)-len(kept), n)
				model = kept
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(model), l.len())
				if len(model) > 0 {
					require.Same(t, model[0], l.oldest().one)
				}
				for _, gone := range l.all[:l.head] {
					require.Nil(t, gone.one)
				}
			},
		})
	})
}

// TestLaneThatStaysFull: a lane which as many leave as come moves each of those who wait a few
// times at most, however full it is.
func TestLaneThatStaysFull(t *testing.T) {
	var l lane
	for len(l.all) < cap(l.all) || len(l.all) < 1000 {
		l.push(queued{one: &someone{}})
	}
	n, fronts := l.len(), 0
	for range 10 * n {
		l.popOldest()
		l.push(queued{one: &someone{}})
		if l.head == 0 {
			fronts++
		}
	}
	require.LessOrEqual(t, fronts, 20, "each of them copies all")
	require.LessOrEqual(t, cap(l.all), 4*n)
}
